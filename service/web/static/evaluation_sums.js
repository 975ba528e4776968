// Draws what cities planned and verified against their floors from the data that stands in the page; the tables have every figure.
"use strict";
(() => {
  const source = document.getElementById("sums-data");
  const box = document.getElementById("sums");
  if (!source || !box) return;
  const data = JSON.parse(source.textContent);
  const words = box.dataset;
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axis = (more) => ({ axisLine: { lineStyle: { color: css("--line") } }, axisTick: { show: false }, axisLabel: { color: css("--soft"), hideOverlap: true, ...more.axisLabel }, splitLine: { show: false }, ...Object.fromEntries(Object.entries(more).filter(([key]) => key !== "axisLabel")) });
  const whole = (value) => (value === null || value === undefined ? "–" : `${(value * 100).toFixed(1)} %`);
  const labels = data.places.map((one) => `${one.place}\n${words[one.level]}`);
  const chart = echarts.init(box, null, { renderer: "canvas" });

  const draw = () => {
    const width = box.clientWidth < 700 ? 1 : 2;
    const height = 94 / Math.ceil(data.pollutants.length / width);
    const place = (at) => ({
      left: `${(at % width) * (100 / width) + (width === 1 ? 14 : 6)}%`, width: `${100 / width - (width === 1 ? 18 : 9)}%`,
      top: `${6 + Math.floor(at / width) * height + 6}%`, height: `${height - 17}%`,
    });
    const kinds = [
      { key: "planned", name: words.planned, type: "bar", colour: css("--link") },
      { key: "verified", name: words.verified, type: "bar", colour: css("--good") },
      { key: "required", name: words.required, type: "line", colour: css("--ink") },
    ];
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: whole, backgroundColor: css("--card"), borderColor: css("--line"), textStyle: { color: css("--ink") } },
      legend: { top: 0, left: 0, textStyle: { color: css("--ink") }, data: kinds.map((kind) => kind.name) },
      title: data.pollutants.map((one, at) => ({ text: one.label, left: place(at).left, top: `${6 + Math.floor(at / width) * height + 1}%`, textStyle: { color: css("--soft"), fontSize: 12, fontWeight: 400 } })),
      grid: data.pollutants.map((_, at) => place(at)),
      xAxis: data.pollutants.map((_, at) => axis({ type: "category", gridIndex: at, data: labels })),
      yAxis: data.pollutants.map((_, at) => axis({ type: "value", gridIndex: at, axisLabel: { formatter: (value) => `${Math.round(value * 100)} %` } })),
      series: data.pollutants.flatMap((one, at) => kinds.map((kind) => ({
        name: kind.name, type: kind.type, xAxisIndex: at, yAxisIndex: at, data: one[kind.key], itemStyle: { color: kind.colour },
        ...(kind.type === "bar" ? { barMaxWidth: 28 } : { step: "middle", symbol: data.places.length === 1 ? "rect" : "none", symbolSize: [28, 2], lineStyle: { color: kind.colour, type: "dashed", width: 2 } }),
      }))),
    }, true);
  };
  draw();
  addEventListener("resize", () => { chart.resize(); draw(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("beforeprint", () => chart.resize({ width: 680 }));
  addEventListener("afterprint", () => chart.resize({ width: "auto" }));
})();
