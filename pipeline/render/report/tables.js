"use strict";
// Sorting, filters and pages for tables, those that stand in the page and those made from data.
// Texts only ever become text nodes.

const MANY = 50;
const CHOICES = 12;
const FEW = 8;
const order = new Intl.Collator("zh-CN", { numeric: true });

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** A table over `rows`: each has cells (texts), keys (numbers or texts to sort by) and row() → its <tr>. */
function grid(table, columns, rows, pageSize) {
  const body = table.tBodies[0];
  const filters = columns.map(() => "");
  let search = "", sorted = -1, direction = 1, first = 0;

  const status = element("span", { className: "count", role: "status" });
  const back = element("button", { type: "button", textContent: "上一页" });
  const next = element("button", { type: "button", textContent: "下一页" });

  function visible() {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    const kept = rows.filter((row) => {
      const whole = words.length ? row.cells.join("\n").toLowerCase() : "";
      return words.every((word) => whole.includes(word)) && filters.every((wanted, at) => !wanted ||
        (wanted.startsWith("=") ? row.cells[at] === wanted.slice(1) : fits(wanted, row.cells[at], row.keys[at])));
    });
    if (sorted >= 0) kept.sort((a, b) => direction * compare(a.keys[sorted], b.keys[sorted]));
    return kept;
  }

  function fits(wanted, text, key) {
    const bound = /^([<>]=?)\s*(-?[\d.]+)%?$/.exec(wanted.trim());
    if (!bound || typeof key !== "number") return text.toLowerCase().includes(wanted.trim().toLowerCase());
    const limit = wanted.includes("%") ? Number(bound[2]) / 100 : Number(bound[2]);
    return { "<": key < limit, ">": key > limit, "<=": key <= limit, ">=": key >= limit }[bound[1]];
  }

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a === "number") return -1;
    if (typeof b === "number") return 1;
    return order.compare(a, b);
  }

  function show() {
    const kept = visible();
    if (first >= kept.length) first = 0;
    body.replaceChildren(...kept.slice(first, first + pageSize).map((row) => row.row()));
    const some = kept.length === rows.length ? "" : `筛出 ${kept.length} 行，`;
    const pages = kept.length > pageSize ? `，现为第 ${first + 1} 至 ${Math.min(first + pageSize, kept.length)} 行` : "";
    status.textContent = `${some}共 ${rows.length} 行${pages}`;
    if (table.tFoot) table.tFoot.hidden = kept.length !== rows.length;
    back.disabled = first === 0;
    next.disabled = first + pageSize >= kept.length;
    pager.hidden = kept.length <= pageSize;
  }

  function turn(by) {
    first = Math.max(0, first + by * pageSize);
    show();
  }
  back.addEventListener("click", () => turn(-1));
  next.addEventListener("click", () => turn(1));
  const pager = element("div", { className: "pager" }, back, next);

  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, at) => {
    const button = element("button", { type: "button", textContent: head.textContent });
    head.setAttribute("aria-sort", "none");
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      direction = sorted === at ? -direction : columns[at].numeric ? -1 : 1;
      sorted = at;
      heads.forEach((each) => each.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      first = 0;
      show();
    });
  });

  const line = element("tr", { className: "filters", hidden: true });
  columns.forEach((column, at) => {
    const distinct = new Set();
    for (const row of rows) if (distinct.add(row.cells[at]).size > CHOICES) break;
    const label = { "aria-label": `按“${column.name}”筛选` };
    let field;
    if (!column.numeric && distinct.size <= CHOICES && rows.length > 3) {
      field = element("select", label, element("option", { value: "", textContent: "全部" }),
        ...[...distinct].sort(order.compare).map((text) => element("option", { value: `=${text}`, textContent: text || "（空）" })));
    } else {
      field = element("input", { ...label, type: "text", placeholder: column.numeric ? "如 >10" : "包含…" });
    }
    field.addEventListener("input", () => { filters[at] = field.value; first = 0; show(); });
    line.append(element("th", {}, field));
  });
  table.tHead.append(line);

  const quiet = rows.length <= FEW && pageSize === Infinity;
  const box = element("input", { type: "search", placeholder: "搜索本表", "aria-label": "搜索本表", hidden: quiet });
  box.addEventListener("input", () => { search = box.value; first = 0; show(); });
  const toggle = element("button", { type: "button", textContent: "按列筛选", "aria-expanded": "false" });
  toggle.addEventListener("click", () => {
    line.hidden = !line.hidden;
    if (quiet) box.hidden = line.hidden;
    toggle.setAttribute("aria-expanded", String(!line.hidden));
  });
  const tools = element("div", { className: quiet ? "tools quiet" : "tools" }, box, toggle, status);
  show();
  return { tools, pager };
}

for (const table of document.querySelectorAll("table.data")) {
  const columns = [...table.tHead.rows[0].cells].map((cell) => (
    { name: cell.textContent, numeric: cell.classList.contains("number") }));
  const rows = [...table.tBodies[0].rows].map((row) => {
    const cells = [...row.cells].map((cell) => cell.textContent);
    const keys = [...row.cells].map((cell) => "v" in cell.dataset ? Number(cell.dataset.v) : cell.textContent);
    return { cells, keys, row: () => row };
  });
  const { tools } = grid(table, columns, rows, Infinity);
  const heading = table.closest(".block")?.querySelector("h3");
  if (heading && tools.classList.contains("quiet")) heading.after(tools);
  else table.parentElement.before(tools);
}
