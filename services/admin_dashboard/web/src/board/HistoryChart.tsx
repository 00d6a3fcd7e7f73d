import "uplot/dist/uPlot.min.css";
import { useTheme } from "@tokenline/client/ui";
import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import { seriesOf, useHistory } from "../state/history";
import { chartOptions } from "./chart_options";

/** A line per pool, as large as what it is put into. The plot is kept while only its points change. */
export function HistoryChart() {
  const points = useHistory((history) => history.points);
  const series = useMemo(() => seriesOf(points), [points]);
  const pools = Object.keys(series.waiting).sort();
  const key = pools.join();
  const theme = useTheme();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const data = useMemo<uPlot.AlignedData>(() => [series.at, ...pools.map((pool) => series.waiting[pool]!)], [series]);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const drawn = new uPlot(chartOptions(key ? key.split(",") : [], element), latest.current, element);
    plot.current = drawn;
    const observer = new ResizeObserver(() => {
      const legend = drawn.root.querySelector<HTMLElement>(".u-legend")?.offsetHeight ?? 0;
      drawn.setSize({ width: element.clientWidth, height: element.clientHeight - legend });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
      plot.current = null;
    };
  }, [key, theme]);

  useEffect(() => plot.current?.setData(data), [data]);

  return (
    <div className="absolute inset-0">
      <div
        ref={box}
        className="h-full overflow-hidden"
        role="img"
        aria-label={`Waiting tickets over the last hour in ${pools.join(", ") || "no pool"}`}
      />
      {series.at.length < 2 && (
        <p className="absolute inset-0 grid place-items-center text-[13px] text-ink-faint">
          The chart begins as the first points come in.
        </p>
      )}
    </div>
  );
}
