export function ThreadSkeleton() {
  return (
    <div role="status" aria-label="Loading conversation" className="min-h-0 flex-1 overflow-hidden">
      <div className="mx-auto max-w-[776px] space-y-8 px-5 pt-8">
        {[0, 1].map((key) => (
          <div key={key} className="animate-breathe space-y-6">
            <div className="ml-auto h-11 w-2/5 rounded-2xl bg-sunken" />
            <div className="space-y-3">
              <div className="h-3.5 w-11/12 rounded-full bg-sunken" />
              <div className="h-3.5 w-4/5 rounded-full bg-sunken" />
              <div className="h-3.5 w-3/5 rounded-full bg-sunken" />
            </div>
          </div>
        ))}
      </div>
    </div>
  );
}
