// Draws the floors of a list from the JSON beside its table: shares by class of sources, stacked, against what is required.
"use strict";
(() => {
  const box = document.getElementById("floors-chart");
  if (!box) return;
  const words = box.dataset;
  const data = JSON.parse(words.chart);
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const palette = ["#3b6ea5", "#b07d2b", "#4f8a4f", "#8a5a8c", "#7a7f86"];
  const chart = echarts.init(box, null, { renderer: "canvas" });
  const whole = (value) => `${(value * 100).toFixed(1)} %`;
  const draw = () => {
    const ink = css("--ink"), soft = css("--soft"), line = css("--line"), card = css("--card");
    const labels = data.bars.map((bar) => `${words[bar.level]}\n${bar.pollutant}`);
    const stacks = data.sources.map((name, place) => ({
      name, type: "bar", stack: "share", barMaxWidth: 34, itemStyle: { color: palette[place % palette.length], borderColor: card, borderWidth: 1 },
      data: data.bars.map((bar) => bar.shares[place] ?? null),
    }));
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 52, right: 16, top: box.clientWidth < 640 ? 70 : 40, bottom: 44 },
      legend: { top: 0, left: 0, textStyle: { color: ink } },
      tooltip: {
        trigger: "axis", renderMode: "richText", backgroundColor: card, borderColor: line, textStyle: { color: ink },
        formatter: (shown) => {
          const bar = data.bars[shown[0].dataIndex];
          const said = [`${words[bar.level]} ${bar.pollutant}: ${bar.verdict}`];
          bar.shares.forEach((share, place) => said.push(`${data.sources[place]} ${share === null || share === undefined ? "–" : whole(share)}`));
          said.push(`${words.required} ${bar.required === null ? "–" : whole(bar.required)}`);
          return said.join("\n");
        },
      },
      xAxis: { type: "category", data: labels, axisLabel: { color: soft, interval: 0, fontSize: box.clientWidth < 640 ? 9 : 12 }, axisLine: { lineStyle: { color: line } }, axisTick: { show: false } },
      yAxis: { type: "value", axisLabel: { color: soft, formatter: (value) => `${Math.round(value * 100)} %` }, splitLine: { show: false } },
      series: [
        ...stacks,
        { name: words.required, type: "line", step: "middle", symbol: "none", lineStyle: { color: ink, type: "dashed", width: 2 }, itemStyle: { color: ink }, data: data.bars.map((bar) => bar.required) },
      ],
    }, true);
  };
  draw();
  window.addEventListener("resize", () => { chart.resize(); draw(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
