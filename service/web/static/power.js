// Draws the hours of a line against what was allowed, from their JSON. The time under the measure is shaded.
"use strict";
(() => {
  const box = document.getElementById("power");
  if (!box) return;
  const words = box.dataset;
  const zh = words.language === "zh";
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const parts = (time) => time.match(/^(\d+)-(\d+)-(\d+)T(\d+):(\d+)/).slice(2);
  const day = ([month, date]) => (zh ? `${Number(month)}月${Number(date)}日` : `${Number(date)} ${months[month - 1]}`);
  const chart = echarts.init(box, null, { renderer: "canvas" });
  const rounded = (value) => (value === null ? words.missing : Math.round(value * 10) / 10);

  const option = (data) => {
    const ink = css("--ink"), soft = css("--soft"), line = css("--line"), card = css("--card"), link = css("--link"), red = css("--w-red");
    const labels = data.steps.map((step) => step.time);
    const midnight = (time) => parts(time)[2] === "00";
    const days = labels.length > 48 && labels.some(midnight);  // over days the axis names each day, not its hours
    const series = [
      {
        name: words.value, type: "bar", barCategoryGap: "15%", stack: "use", itemStyle: { color: soft },
        data: data.steps.map((step) => (step.proves ? null : step.value)),
        markArea: data.shaded
          ? {
              silent: true, itemStyle: { color: link, opacity: 0.12 },
              label: { color: ink, position: "top", fontSize: 12 },
              data: [[{ xAxis: labels[data.shaded[0]], name: words.required }, { xAxis: labels[data.shaded[1]] }]],
            }
          : undefined,
      },
      { name: words.proves, type: "bar", stack: "use", itemStyle: { color: red, decal: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: 0.8, color: card } }, data: data.steps.map((step) => (step.proves ? step.value : null)) },
      { name: words.allowed, type: "line", step: "middle", showSymbol: false, lineStyle: { color: ink, width: 2, type: "dashed" }, itemStyle: { color: ink }, data: data.steps.map((step) => step.allowed) },
    ];
    if (data.treated) series.push({ name: words.treatment, type: "line", showSymbol: false, lineStyle: { color: link, width: 2 }, itemStyle: { color: link }, data: data.steps.map((step) => step.treatment) });
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 52, right: 16, top: box.clientWidth < 640 ? 84 : 64, bottom: 28 },
      legend: { top: 0, left: 0, textStyle: { color: ink }, data: series.map((one) => one.name) },
      tooltip: {
        trigger: "axis", renderMode: "richText", backgroundColor: card, borderColor: line, textStyle: { color: ink },
        formatter: (shown) => {
          const step = data.steps[shown[0].dataIndex];
          const at = parts(step.time);
          const said = [`${day(at)} ${at[2]}:${at[3]}`, `${words.value} ${rounded(step.value)} ${data.unit}`];
          if (step.allowed !== null) said.push(`${words.allowed} ${rounded(step.allowed)} ${data.unit}`);
          if (data.treated) said.push(`${words.treatment} ${rounded(step.treatment)} ${data.unit}`);
          return said.join("\n");
        },
      },
      xAxis: {
        type: "category", data: labels, axisLine: { lineStyle: { color: line } }, axisTick: { show: false },
        axisLabel: { color: soft, hideOverlap: true, interval: days ? (_, time) => midnight(time) : "auto", formatter: (time) => { const at = parts(time); return midnight(time) ? day(at) : `${at[2]}:00`; } },
      },
      yAxis: { type: "value", name: data.unit, nameTextStyle: { color: soft }, axisLabel: { color: soft }, splitLine: { show: false } },
      series,
    };
  };

  let data = null;
  const draw = () => data && chart.setOption(option(data), true);
  const load = async () => {
    const answer = await fetch(words.source, { headers: { accept: "application/json" } });
    if (!answer.ok) return;
    data = await answer.json();
    draw();
    box.dataset.drawn = "true";
  };
  new ResizeObserver(() => chart.resize()).observe(box);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  load();
})();
