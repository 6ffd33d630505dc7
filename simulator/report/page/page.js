// What a reader may do on the page: choose for all figures, read a figure's values, sort and filter tables, darken.
"use strict";

(() => {
  const data = JSON.parse(document.getElementById("page-data").textContent);
  const words = data.words;
  const collator = new Intl.Collator(data.language, { numeric: true });
  const status = document.getElementById("page-status");

  // ---- small tools

  const fill = (text, parts) => text.replace(/\{(\w+)\}/g, (_, name) => parts[name]);

  const announce = (text) => { status.textContent = text; };

  const make = (tag, { text, ...attributes } = {}, children = []) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  // ---- figures

  const EMBED = {
    mode: "vega-lite",
    renderer: "svg",
    actions: false,
    ast: true, // expressions are interpreted, so that the page's policy need not allow eval
    defaultStyle: false,
    tooltip: { disableDefaultStyle: true },
  };

  // A layer may be empty for a choice, as the published range is before the last year: Vega's own errors are told, that is not.
  const QUIET = 1;

  // Vega-Lite warns of a fitted width beside a height in steps, which Vega can do; so Vega is told of the fit instead.
  const draw = (place, { autosize, ...specification }) => {
    const config = { ...specification.config, background: "transparent" };
    const patch = (compiled) => (autosize ? { ...compiled, autosize } : compiled);
    return vegaEmbed(place, { ...specification, config }, { ...EMBED, patch });
  };

  const embed = async (element) => {
    const { specification, choices } = data.figures[element.dataset.figure];
    const live = element.querySelector(".live");
    const { view } = await draw(live.querySelector(".view"), specification);
    view.logLevel(QUIET);
    const figure = { element, view, choices };
    describe(figure);
    element.querySelector(".still").classList.add("replaced");
    live.hidden = false;
    const values = live.querySelector(".values");
    values.hidden = valuesOf(view).length === 0;
    values.addEventListener("toggle", () => showValues(figure));
    return figure;
  };

  // What the figure shows, in words: also where it has no such choice as was made for the page.
  const describe = ({ element, view, choices }) => {
    const line = element.querySelector(".live .chosen");
    if (!line) return;
    const labels = [...document.querySelectorAll(".controls select")]
      .filter((select) => select.name in choices)
      .map((select) => choices[select.name].find(([value]) => value === view.signal(select.name))[1]);
    line.textContent = labels.join(" · ");
  };

  const choose = async (figure, name, value) => {
    if (!figure.choices[name]?.some(([known]) => known === value)) return false;
    await figure.view.signal(name, value).runAsync();
    describe(figure);
    showValues(figure);
    return true;
  };

  // The values of a chart are those that hovering shows: titled, in the reader's language, and only what is chosen.
  const valuesOf = (view) => {
    const tables = new Map();
    const visit = (item) => {
      if (item.tooltip !== null && typeof item.tooltip === "object") {
        const heading = JSON.stringify(Object.keys(item.tooltip));
        const rows = tables.get(heading) ?? tables.set(heading, new Map()).get(heading);
        const row = Object.values(item.tooltip).map((value) => String(value ?? ""));
        rows.set(JSON.stringify(row), row);
      }
      for (const mark of item.items ?? []) for (const inner of mark.items ?? []) visit(inner);
    };
    for (const item of view.scenegraph().root.items) visit(item);
    return [...tables].map(([heading, rows]) => ({ columns: JSON.parse(heading), rows: [...rows.values()] }));
  };

  const showValues = ({ element, view }) => {
    const values = element.querySelector(".values");
    if (!values.open) return;
    const caption = element.querySelector("figcaption").textContent.trim();
    const numeric = (text) => (/^[−-]?\d/.test(text) ? { class: "number" } : {});
    const tables = valuesOf(view).map(({ columns, rows }) => {
      const titles = columns.map((text, column) => make("th", { text, scope: "col", ...numeric(rows[0][column]) }));
      const head = make("thead", {}, [make("tr", {}, titles)]);
      const lines = rows.map((row) => make("tr", {}, row.map((text) => make("td", { text, ...numeric(text) }))));
      const parts = [make("caption", { text: caption, class: "unseen" }), head, make("tbody", {}, lines)];
      const box = { class: "scroll long", role: "group", "aria-label": caption, tabindex: "0" };
      return make("div", box, [make("table", {}, parts)]);
    });
    values.querySelector(".tables").replaceChildren(...tables);
  };

  const startFigures = async () => {
    const figures = [];
    const selects = [...document.querySelectorAll(".controls select")];
    for (const element of document.querySelectorAll("figure[data-figure]")) {
      try {
        figures.push(await embed(element));
      } catch (error) {
        console.error(element.id, error); // its still image stays
      }
    }
    const apply = async (select) => {
      const changed = [];
      for (const figure of figures) changed.push(await choose(figure, select.name, select.value));
      return changed.filter(Boolean).length;
    };
    for (const select of selects) {
      await apply(select);
      select.addEventListener("change", async () => {
        const name = select.labels[0].textContent, value = select.selectedOptions[0].textContent;
        announce(fill(words.changed, { name, value, figures: await apply(select) }));
      });
    }
    for (const bar of document.querySelectorAll(".controls")) bar.hidden = false;
    document.documentElement.dataset.figures = "live";
  };

  // ---- tables

  const NEXT = { none: "ascending", ascending: "descending", descending: "none" };

  const sortKey = (cell) => {
    if (cell.dataset.value === undefined) return cell.textContent.trim() || null;
    return cell.dataset.value === "" ? null : Number(cell.dataset.value);
  };

  // What is missing stands last in both directions.
  const compare = (one, other, sign) => {
    if (one === null || other === null) return (one === null) - (other === null);
    return sign * (typeof one === "number" && typeof other === "number"
      ? one - other : collator.compare(String(one), String(other)));
  };

  const makeSortable = (table) => {
    const body = table.tBodies[0];
    const original = [...body.rows];
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      if (!heading.textContent.trim()) return; // a button needs a name
      const button = make("button", { text: heading.textContent, type: "button" });
      heading.replaceChildren(button);
      heading.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const order = NEXT[heading.getAttribute("aria-sort")];
        for (const each of headings) if (each.hasAttribute("aria-sort")) each.setAttribute("aria-sort", "none");
        heading.setAttribute("aria-sort", order);
        const sign = order === "descending" ? -1 : 1;
        const keyed = original.map((row) => [sortKey(row.cells[column]), row]);
        if (order !== "none") keyed.sort(([one], [other]) => compare(one, other, sign));
        body.append(...keyed.map(([, row]) => row));
        announce(fill(words[`sorted.${order}`], { column: heading.textContent }));
      });
    });
  };

  const makeFilter = (field) => {
    const box = field.closest(".table"), rows = [...box.querySelector("table").tBodies[0].rows];
    const texts = rows.map((row) => row.textContent.toLocaleLowerCase(data.language));
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLocaleLowerCase(data.language);
      rows.forEach((row, index) => { row.hidden = !texts[index].includes(wanted); });
      const shown = rows.filter((row) => !row.hidden).length;
      const count = fill(words.rows, { shown, all: rows.length });
      box.querySelector(".count").textContent = count;
      announce(count);
    });
    field.closest(".filter").hidden = false;
  };

  // ---- light and dark; a page opened as a file may have no storage

  const remembered = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const remember = (theme) => { try { localStorage.setItem("theme", theme); } catch { /* only for this visit */ } };

  const startTheme = () => {
    const button = document.getElementById("page-theme");
    const system = matchMedia("(prefers-color-scheme: dark)");
    const show = (theme) => {
      document.documentElement.dataset.theme = theme;
      button.setAttribute("aria-pressed", String(theme === "dark"));
    };
    const current = () => remembered() ?? (system.matches ? "dark" : "light");
    show(current());
    system.addEventListener("change", () => show(current()));
    button.addEventListener("click", () => {
      const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
      remember(theme);
      show(theme);
    });
    button.hidden = false;
  };

  // ---- contents

  const startContents = () => {
    const contents = document.querySelector("nav details");
    contents.open = matchMedia("(min-width: 75rem)").matches;
    addEventListener("beforeprint", () => { contents.open = true; });
    const links = new Map([...contents.querySelectorAll("a")].map((link) => [link.getAttribute("href").slice(1), link]));
    const watcher = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) {
        if (!isIntersecting) continue;
        for (const link of links.values()) link.removeAttribute("aria-current");
        links.get(target.id).setAttribute("aria-current", "true");
      }
    }, { rootMargin: "-20% 0px -75% 0px" });
    for (const key of links.keys()) watcher.observe(document.getElementById(key));
  };

  startTheme();
  startContents();
  for (const table of document.querySelectorAll("table.sortable")) makeSortable(table);
  for (const field of document.querySelectorAll(".filter input")) makeFilter(field);
  document.addEventListener("DOMContentLoaded", startFigures); // once Vega, which stands below, has been read
})();
