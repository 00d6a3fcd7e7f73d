const WIDTHS = ["w-4/5", "w-3/5", "w-11/12", "w-2/3", "w-3/4"];

export function ListSkeleton() {
  return (
    <div role="status" aria-label="Loading conversations" className="space-y-3.5 px-2 py-3">
      {WIDTHS.map((width) => (
        <div key={width} className={`h-3.5 animate-breathe rounded-full bg-sunken ${width}`} />
      ))}
    </div>
  );
}
