// Draws the charts of an evaluation from the data that stands in the page. Everything drawn stands in a table, too.
"use strict";
(() => {
  const source = document.getElementById("evaluation-data");
  const bars = document.getElementById("bars");
  const hours = document.getElementById("hours");
  const classes = document.getElementById("classes");
  if (!source || !bars || !hours) return;
  const data = JSON.parse(source.textContent);
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const charts = [];

  const common = () => ({
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    tooltip: { trigger: "axis", renderMode: "richText", backgroundColor: css("--card"), borderColor: css("--line"), textStyle: { color: css("--ink") } },
  });
  const axis = (more) => ({ axisLine: { lineStyle: { color: css("--line") } }, axisTick: { show: false }, axisLabel: { color: css("--soft"), hideOverlap: true }, splitLine: { show: false }, ...more });
  const kinds = () => [
    { key: "planned", name: bars.dataset.planned, colour: css("--link") },
    { key: "reported", name: bars.dataset.reported, colour: css("--soft") },
    { key: "verified", name: bars.dataset.verified, colour: css("--good") },
  ];

  const barOption = () => ({
    ...common(),
    legend: { top: 0, left: 0, textStyle: { color: css("--ink") } },
    grid: { left: 56, right: 16, top: bars.clientWidth < 640 ? 84 : 60, bottom: 28 },
    xAxis: axis({ type: "category", data: data.pollutants.map((one) => one.label) }),
    yAxis: axis({ type: "value", name: bars.dataset.unit || "t", nameTextStyle: { color: css("--soft") } }),
    series: kinds().map((kind) => ({
      name: kind.name, type: "bar", itemStyle: { color: kind.colour },
      data: data.pollutants.map((one) => one[kind.key]),
    })),
  });

  // Dust and mobile stand out by lightness as well as by hue; a value that is not established draws nothing.
  const classOption = () => ({
    ...common(),
    legend: { top: 0, left: 0, textStyle: { color: css("--ink") } },
    grid: { left: 56, right: 16, top: bars.clientWidth < 640 ? 84 : 60, bottom: 28 },
    xAxis: axis({ type: "category", data: data.pollutants.map((one) => one.label) }),
    yAxis: axis({ type: "value", name: "t", nameTextStyle: { color: css("--soft") } }),
    series: [["industry", "--link"], ["dust", "--w-orange"], ["mobile", "--soft"]].map(([key, colour]) => ({
      name: classes.dataset[key], type: "bar", stack: "planned", itemStyle: { color: css(colour) }, data: data.classes[key],
    })),
  });

  const hourOption = () => {
    const [planned, , verified] = kinds();
    const width = hours.clientWidth < 700 ? 1 : 2;
    hours.classList.toggle("single", width === 1);
    const height = (hours.clientHeight - 30) / Math.ceil(data.pollutants.length / width);
    const top = (at) => 30 + Math.floor(at / width) * height;
    const place = (at) => ({
      left: `${(at % width) * (100 / width) + (width === 1 ? 17 : 6)}%`, width: `${100 / width - (width === 1 ? 20 : 9)}%`,
      top: top(at) + 34, height: height - 68,
    });
    const label = (time) => time.slice(5, 16).replace("T", " ");
    return {
      ...common(),
      legend: { top: 0, left: 0, textStyle: { color: css("--ink") }, data: [planned.name, verified.name] },
      title: data.pollutants.map((one, at) => ({ text: `${one.label} kg`, left: place(at).left, top: top(at) + 6, textStyle: { color: css("--soft"), fontSize: 12, fontWeight: 400 } })),
      grid: data.pollutants.map((_, at) => place(at)),
      xAxis: data.pollutants.map((_, at) => axis({ type: "category", gridIndex: at, data: data.until.map(label) })),
      yAxis: data.pollutants.map((_, at) => axis({ type: "value", gridIndex: at })),
      series: data.pollutants.flatMap((one, at) => [
        { name: planned.name, type: "line", step: "end", symbol: "none", xAxisIndex: at, yAxisIndex: at, data: one.hours.planned, lineStyle: { color: planned.colour, width: 2 }, itemStyle: { color: planned.colour } },
        { name: verified.name, type: "line", step: "end", symbol: "none", xAxisIndex: at, yAxisIndex: at, data: one.hours.verified, lineStyle: { color: verified.colour, width: 2, type: "dashed" }, itemStyle: { color: verified.colour } },
      ]),
    };
  };

  const draw = () => {
    for (const [box, option] of [[bars, barOption], [classes, classOption], [hours, hourOption]]) {
      if (!box) continue;
      const chart = echarts.getInstanceByDom(box) || echarts.init(box, null, { renderer: "canvas" });
      const wanted = option();
      chart.resize();
      chart.setOption(wanted, true);
      if (!charts.includes(chart)) charts.push(chart);
    }
  };
  draw();
  addEventListener("resize", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("beforeprint", () => { for (const chart of charts) chart.resize({ width: 680 }); });
  addEventListener("afterprint", () => { for (const chart of charts) chart.resize({ width: "auto" }); });
})();
