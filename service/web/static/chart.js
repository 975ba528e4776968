// Draws a city's chart from its JSON. Colours of the frame come from the style sheet, colours of air from the data.
"use strict";
(() => {
  const box = document.getElementById("chart");
  if (!box) return;
  const words = box.dataset;
  const zh = words.language === "zh";
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const parts = (time) => {
    const [, , month, day, hour, minute] = time.match(/^(\d+)-(\d+)-(\d+)T(\d+):(\d+)/);
    return { month: Number(month), day: Number(day), hour, minute };
  };
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const day = (p) => (zh ? `${p.month}月${p.day}日` : `${p.day} ${months[p.month - 1]}`);
  const written = (time, hourly) => {
    const p = parts(time);
    return hourly ? `${day(p)} ${p.hour}:${p.minute}` : day(p);
  };
  const chart = echarts.init(box, null, { renderer: "canvas" });

  const option = (data) => {
    const hourly = data.kind === "hourly";
    const ink = css("--ink"), soft = css("--soft"), line = css("--line"), card = css("--card"), link = css("--link");
    const labels = data.steps.map((step) => step.time);
    const at = (position) => labels[position];
    const mark = css(`--w-${data.level}`) || soft;
    const narrow = box.clientWidth < 640;
    const blocks = data.blocks.map((block, place) => [
      {
        xAxis: at(block.from),
        name: narrow && place ? "" : words.block.replace("{aqi}", block.aqi),
        label: { show: !(narrow && place), color: ink, position: [2, 2 + (place % 2) * 20], align: "left", fontSize: 12, backgroundColor: card, padding: [2, 4], borderRadius: 2 },
      },
      { xAxis: at(block.to) },
    ]);
    const sparse = data.steps.filter((step) => step.rolling !== null).length * 2 < data.steps.length;
    const rules = data.lines.map((value) => ({
      yAxis: value,
      lineStyle: { color: soft, type: "dashed", width: 1 },
      label: { formatter: String(value), position: "end", color: ink },
    }));
    if (data.now > 0 && data.now < labels.length) {
      rules.push({
        xAxis: at(data.now),
        lineStyle: { color: ink, type: "solid", width: 2 },
        label: { formatter: words.now, position: "end", color: ink, fontWeight: "bold" },
      });
    }
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 44, right: 48, top: 56, bottom: 28 },
      legend: {
        top: 0, left: 0, textStyle: { color: ink },
        data: [{ name: words.bar, icon: "roundRect", itemStyle: { color: soft } }, ...(hourly ? [{ name: words.rolling }] : [])],
      },
      tooltip: {
        trigger: "axis", renderMode: "richText", backgroundColor: card, borderColor: line, textStyle: { color: ink },
        formatter: (shown) => {
          const step = data.steps[shown[0].dataIndex];
          const said = [written(step.time, hourly) + (step.observed ? ` ${words.observed}` : ` ${words.forecast}`)];
          said.push(`${words.bar} ${step.aqi ?? "–"} ${step.category ? step.category[words.language] : ""}`);
          if (hourly) said.push(`${words.rolling} ${step.rolling ?? "–"}`);
          return said.join("\n");
        },
      },
      xAxis: {
        type: "category", data: labels,
        axisLine: { lineStyle: { color: line } }, axisTick: { show: false },
        axisLabel: {
          color: soft, hideOverlap: true,
          interval: hourly ? (_, time) => parts(time).hour === "00" : 0,
          formatter: (time) => day(parts(time)),
        },
      },
      yAxis: {
        type: "value", min: 0, max: (span) => Math.ceil(Math.max(span.max, ...data.lines) * 1.14 / 50) * 50,
        axisLabel: { color: soft }, splitLine: { show: false },
      },
      series: [
        {
          name: words.bar, type: "bar", barCategoryGap: "12%", barMaxWidth: 48,
          data: data.steps.map((step) => ({
            value: step.aqi,
            itemStyle: { color: step.colour || soft, opacity: step.observed ? 1 : 0.72, borderColor: soft, borderWidth: hourly ? 0 : 0.5 },
          })),
          markLine: { symbol: "none", silent: true, data: rules },
          markArea: { silent: true, itemStyle: { color: mark, opacity: 0.16, borderColor: mark, borderWidth: 1 }, data: blocks },
        },
        ...(hourly
          ? [{
              name: words.rolling, type: "line", showSymbol: sparse, symbolSize: 8, connectNulls: sparse, z: 5,
              data: data.steps.map((step) => step.rolling), lineStyle: { color: link, width: 2.5 }, itemStyle: { color: link },
            }]
          : []),
      ],
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
  document.body.addEventListener("live-assessment", load);
  document.body.addEventListener("live-clock", load);
  load();
})();
