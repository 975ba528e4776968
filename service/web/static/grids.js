// Draws one small chart for each pollutant from the data that stands in the page; the tables beside it have every figure.
// data-kinds: "key:bar|line:colour …", each key's name in data-<key>; data-percent: values are shares, otherwise data-unit names them.
"use strict";
(() => {
  const source = document.getElementById("grids-data");
  const box = document.getElementById("grids");
  if (!source || !box) return;
  const data = JSON.parse(source.textContent);
  const words = box.dataset;
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const known = (value) => value !== null && value !== undefined;
  const whole = (value) => (!known(value) ? "–" : words.percent ? `${(value * 100).toFixed(1)} %` : `${value.toFixed(3)} ${words.unit}`);
  const tick = (value) => (words.percent ? `${Math.round(value * 1000) / 10} %` : String(value));
  const labels = data.labels || data.places.map((one) => `${one.place}\n${words[one.level]}`);
  const chart = echarts.init(box, null, { renderer: "canvas" });

  const axis = (at, more, label) => ({ gridIndex: at, axisLine: { lineStyle: { color: css("--line") } }, axisTick: { show: false }, splitLine: { show: false }, axisLabel: { color: css("--soft"), hideOverlap: true, ...label }, ...more });
  const drawn = (kind) => (kind.type === "bar"
    ? { barMaxWidth: 28 }
    : { step: "middle", symbol: labels.length === 1 ? "rect" : "none", symbolSize: [28, 2], lineStyle: { color: kind.colour, type: "dashed", width: 2 } });

  // Groups of a list are many and short: every name is written, aslant. Cities with their level take two lines.
  const aslant = Boolean(data.labels) && labels.length > 6;
  const names = (single) => (aslant ? { interval: 0, rotate: single ? 60 : 40, fontSize: 11, width: 76, overflow: "truncate", hideOverlap: false } : {});
  const HEAD = 30, TITLE = 34, FOOT = aslant ? 72 : 44;

  const draw = () => {
    const width = box.clientWidth < 700 ? 1 : 2;
    box.classList.toggle("single", width === 1);
    chart.resize();
    const height = (box.clientHeight - HEAD) / Math.ceil(data.pollutants.length / width);
    const row = (at) => HEAD + Math.floor(at / width) * height;
    const place = (at) => ({
      left: `${(at % width) * (100 / width) + (width === 1 ? 14 : 6)}%`, width: `${100 / width - (width === 1 ? 18 : 9)}%`,
      top: row(at) + TITLE, height: height - TITLE - FOOT,
    });
    const kinds = words.kinds.split(" ").map((one) => one.split(":")).map(([key, type, colour]) => ({ key, type, colour: css(colour), name: words[key] }));
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, valueFormatter: whole, backgroundColor: css("--card"), borderColor: css("--line"), textStyle: { color: css("--ink") } },
      legend: { top: 0, left: 0, textStyle: { color: css("--ink") }, data: kinds.map((kind) => kind.name) },
      title: data.pollutants.map((one, at) => ({ text: words.unit ? `${one.label} ${words.unit}` : one.label, left: place(at).left, top: row(at) + 6, textStyle: { color: css("--soft"), fontSize: 12, fontWeight: 400 } })),
      grid: data.pollutants.map((_, at) => place(at)),
      xAxis: data.pollutants.map((_, at) => axis(at, { type: "category", data: labels }, names(width === 1))),
      yAxis: data.pollutants.map((_, at) => axis(at, { type: "value" }, { formatter: tick })),
      series: data.pollutants.flatMap((one, at) => kinds.map((kind) => ({
        name: kind.name, type: kind.type, xAxisIndex: at, yAxisIndex: at, data: one[kind.key], itemStyle: { color: kind.colour }, ...drawn(kind),
      }))),
    }, true);
  };
  draw();
  addEventListener("resize", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("beforeprint", () => chart.resize({ width: 680 }));
  addEventListener("afterprint", () => chart.resize({ width: "auto" }));
})();
