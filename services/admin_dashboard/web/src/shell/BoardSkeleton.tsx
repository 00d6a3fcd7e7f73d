export function BoardSkeleton() {
  return (
    <div role="status" aria-label="Loading the board" className="animate-breathe space-y-6">
      <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
        {[0, 1, 2].map((key) => (
          <div key={key} className="h-56 rounded-2xl bg-sunken" />
        ))}
      </div>
      <div className="h-72 rounded-2xl bg-sunken" />
    </div>
  );
}
