/**
 * The little JavaScript of our pages: sections arrive as events and are merged in place, so that scroll, selection and focus stay; the page reloads
 * when the site is there. It is allowed by its hash, and has nothing in it that changes.
 */
export const pageScript = `
(() => {
  const merge = (old, next) => {
    if (old.nodeName !== next.nodeName) return old.replaceWith(next.cloneNode(true));
    if (old.nodeType !== 1) return old.data === next.data || (old.data = next.data);
    for (const { name } of [...old.attributes]) if (!next.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    const had = [...old.childNodes], has = [...next.childNodes];
    has.forEach((child, i) => (had[i] ? merge(had[i], child) : old.append(child.cloneNode(true))));
    had.slice(has.length).forEach((child) => child.remove());
  };
  const events = new EventSource("/.mayfly/events");
  events.addEventListener("part", (event) => {
    const { id, html } = JSON.parse(event.data);
    const old = document.getElementById(id);
    const next = new DOMParser().parseFromString(html, "text/html").getElementById(id);
    if (!old || !next) return;
    const log = old.querySelector("pre");
    const follow = !log || log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
    merge(old, next);
    const grown = old.querySelector("pre");
    if (grown && follow) grown.scrollTop = grown.scrollHeight;
    if (old.dataset.state) document.body.dataset.state = old.dataset.state;
    if (old.dataset.title) document.title = old.dataset.title;
  });
  events.addEventListener("serving", () => (events.close(), location.reload()));
  events.addEventListener("error", () => events.readyState === 2 && setTimeout(() => location.reload(), 5000));
  const log = document.querySelector("pre");
  if (log) log.scrollTop = log.scrollHeight;
})();
`;
