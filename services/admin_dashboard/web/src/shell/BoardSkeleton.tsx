export function BoardSkeleton() {
  return (
    <div role="status" aria-label="Loading the board" className="animate-breathe space-y-4">
      <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        <div className="h-60 rounded-2xl bg-sunken" />
        <div className="h-60 rounded-2xl bg-sunken lg:col-span-2" />
      </div>
      <div className="h-96 rounded-2xl bg-sunken" />
    </div>
  );
}
