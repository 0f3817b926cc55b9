
// From region to unit to finding: #r3 opens a region, #u12 shows a unit's findings, #c5 those of a rule.
{
  const data = JSON.parse(document.getElementById("data").textContent);
  const panel = document.getElementById("panel");
  const [SHEET, ROW, FIELD, CELL, CODE, SEVERITY, VALUE, MESSAGE, FIX, SUGGESTION] = data.columns;
  const said = (column, at) => data.texts[column[at]];

  const COLUMNS = [
    ["单位", (at) => data.units[data.unit[at]].name],
    ["位置", (at) => [said(SHEET, at), said(CELL, at) || (said(ROW, at) && `第 ${said(ROW, at)} 行`)].filter(Boolean).join(" ") || "整个文件"],
    ["字段", (at) => said(FIELD, at)],
    ["级别", (at) => said(SEVERITY, at)],
    ["规则", (at) => said(CODE, at)],
    ["当前值", (at) => said(VALUE, at)],
    ["问题", (at) => said(MESSAGE, at)],
    ["怎么改", (at) => said(FIX, at)],
    ["建议值", (at) => said(SUGGESTION, at)],
  ];

  function findings(title, facts, wanted, columns) {
    const numbers = data.unit.flatMap((_, at) => (wanted(at) ? [at] : []));
    const rows = numbers.map((at) => {
      const cells = columns.map(([, text]) => text(at));
      return { cells, keys: cells, row: () => row(cells, columns) };
    });
    const table = element("table", {},
      element("caption", { textContent: title }),
      element("thead", {}, element("tr", {}, ...columns.map(([name]) => element("th", { scope: "col", textContent: name })))),
      element("tbody"));
    const heading = element("h3", { textContent: title, tabIndex: -1 });
    const close = element("button", { type: "button", textContent: "关闭" });
    close.addEventListener("click", () => { panel.hidden = true; location.hash = "#drill"; });
    panel.replaceChildren(heading, element("p", { textContent: facts }));
    if (rows.length) {
      const { tools, pager } = grid(table, columns.map(([name]) => ({ name, numeric: false })), rows, MANY);
      tools.append(close);
      panel.append(tools, element("div", { className: "sheet", tabIndex: 0, role: "region", "aria-label": title }, table), pager);
    } else {
      panel.append(element("p", { textContent: "没有发现问题。" }), element("div", { className: "tools" }, close));
    }
    panel.hidden = false;
    heading.focus({ preventScroll: true });
    panel.scrollIntoView({ block: "start" });
  }

  function row(cells, columns) {
    return element("tr", {}, ...cells.map((text, at) => {
      const name = columns[at][0];
      const cell = element("td", {}, name === "级别" ? element("span", { className: `severity s${text}`, textContent: text }) : text);
      if (name === "问题" || name === "怎么改") cell.className = "wide";
      return cell;
    }));
  }

  function follow() {
    const [, letter, digits] = /^#([urc])(\d+)$/.exec(location.hash) || [];
    const number = Number(digits);
    if (letter === "r") {
      const region = document.getElementById(`r${number}`);
      if (region) { region.open = true; region.querySelector("summary").focus(); }
    } else if (letter === "u" && data.units[number]) {
      const { name, facts } = data.units[number];
      findings(name, facts, (at) => data.unit[at] === number, COLUMNS.filter(([column]) => column !== "单位"));
    } else if (letter === "c" && data.codes[number] !== undefined) {
      const code = data.codes[number];
      findings(`规则 ${code}`, "各单位在这条规则上的问题", (at) => said(CODE, at) === code, COLUMNS.filter(([column]) => column !== "规则"));
    }
  }

  addEventListener("hashchange", follow);
  follow();
}
