import uPlot from "uplot";

/** Hues of the pools' lines; the first is the page's own. */
const HUES = [168, 250, 60, 320, 25, 200];

const SHORTEST_S = 600;
const MINUTES = [1, 2, 5, 10, 15, 30];

/** Canvas knows no CSS variables: colours are read off the element the plot is put into. */
export function chartOptions(pools: string[], element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const dark = document.documentElement.dataset["theme"] === "dark";
  const font = "11px 'Inter Variable', system-ui, sans-serif";
  const axis: uPlot.Axis = {
    stroke: colour("--ink-faint"),
    font,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth || 600,
    height: element.clientHeight || 180,
    padding: [8, 16, 0, 0],
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    legend: { show: pools.length > 0 },
    hooks: {
      // Looked at by the stylesheet: a legend without a cursor has nothing but names to show.
      init: [(plot) => plot.root.classList.add("idle")],
      setCursor: [(plot) => plot.root.classList.toggle("idle", plot.cursor.idx == null)],
    },
    scales: {
      x: { range: (_plot, low, high) => [Math.min(low, high - SHORTEST_S), high] },
      y: { range: (_plot, _low, high) => [0, Math.max(4, high * 1.15)] },
    },
    axes: [
      { ...axis, size: 28, grid: { show: false }, values: "{HH}:{mm}", incrs: MINUTES.map((count) => count * 60) },
      { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] },
    ],
    series: [
      { value: "{HH}:{mm}:{ss}" },
      ...pools.map((pool, index): uPlot.Series => {
        const stroke = `oklch(${dark ? 0.77 : 0.53} 0.12 ${HUES[index % HUES.length]})`;
        return {
          label: pool,
          stroke,
          width: 2,
          spanGaps: true,
          points: { show: false },
          paths: uPlot.paths.stepped?.({ align: 1 }),
          ...(pools.length === 1 ? { fill: stroke.replace(")", " / 0.1)") } : {}),
        };
      }),
    ],
  };
}
