/**
 * The little JavaScript of the dashboard: sections arrive as events and are merged in place, so that scroll, selection,
 * focus and open menus stay; the log grows. A page that nobody looks at holds no connection: browsers allow six a host.
 */
export const pageScript = `
(() => {
  const merge = (old, next) => {
    if (old.nodeName !== next.nodeName) return old.replaceWith(next.cloneNode(true));
    if (old.nodeType !== 1) return old.data === next.data || (old.data = next.data);
    if (old.id !== next.id) return old.replaceWith(next.cloneNode(true));
    for (const { name } of [...old.attributes]) if (name !== "open" && !next.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    const had = [...old.childNodes], has = [...next.childNodes];
    has.forEach((child, i) => (had[i] ? merge(had[i], child) : old.append(child.cloneNode(true))));
    had.slice(has.length).forEach((child) => child.remove());
  };
  const showPart = ({ data }) => {
    const { id, html } = JSON.parse(data);
    const old = document.getElementById(id);
    const next = new DOMParser().parseFromString(html, "text/html").getElementById(id);
    if (!old || !next) return;
    merge(old, next);
    if (next.dataset.title) document.title = next.dataset.title;
  };

  const log = document.getElementById("log");
  const follow = document.getElementById("follow");
  const find = document.querySelector("[name=find]");
  const hides = (line) => !line.textContent.toLowerCase().includes(find.value.toLowerCase());
  const toEnd = () => follow.checked && (log.scrollTop = log.scrollHeight);
  let waiting = [];
  const showLines = (fresh) => {
    if (fresh) log.replaceChildren();
    log.append(...waiting.splice(0).map(({ service, line }) => {
      const row = document.createElement("div");
      const name = document.createElement("b");
      name.textContent = service;
      row.append(name, " " + line);
      row.hidden = hides(row);
      return row;
    }));
    while (log.childElementCount > 3000) log.firstElementChild.remove();
    toEnd();
  };
  const followLog = () => {
    const stream = new EventSource(log.dataset.stream);
    let fresh = true;
    stream.addEventListener("open", () => (fresh = true));
    stream.addEventListener("line", ({ data }) => {
      if (waiting.push(JSON.parse(data)) > 1) return;
      setTimeout(() => { showLines(fresh); fresh = false; }, 50);
    });
    for (const last of ["end", "problem"]) stream.addEventListener(last, () => stream.close());
    return stream;
  };
  if (log) {
    follow.closest("label").hidden = false;
    find.addEventListener("input", () => { for (const line of log.children) line.hidden = hides(line); toEnd(); });
    find.form.querySelector("select").addEventListener("change", () => find.form.requestSubmit());
    follow.addEventListener("change", () => restart());
    toEnd();
  }

  let open = [];
  const restart = () => {
    open.splice(0).forEach((stream) => stream.close());
    if (document.hidden) return;
    const events = new EventSource(document.body.dataset.events);
    events.addEventListener("part", showPart);
    open.push(events);
    if (log && follow.checked) open.push(followLog());
  };
  document.addEventListener("visibilitychange", restart);
  document.addEventListener("keydown", ({ key }) => {
    const menu = key === "Escape" && document.querySelector("details.menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  restart();
})()
`;
