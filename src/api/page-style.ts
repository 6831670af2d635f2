/** The look of the dashboard: system fonts, one accent, much space, light and dark. */
export const stylesheet = `
:root { color-scheme: light dark; --paper: #fcfcfa; --ink: #1c1d1f; --quiet: #5d6066; --line: #e4e4df; --well: #f3f3ef; --accent: #0b6a58; --bad: #b3372f; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #141517; --ink: #ecedee; --quiet: #a0a4ab; --line: #2b2d31; --well: #1b1d20; --accent: #5fc9b0; --bad: #f08b80; }
}
* { box-sizing: border-box; }
html { font: 100%/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; scrollbar-gutter: stable; }
body { margin: 0; background: var(--paper); color: var(--ink); min-height: 100vh; }
.page { max-width: 68rem; margin: 0 auto; padding: clamp(1.25rem, 4vh, 3rem) clamp(1.25rem, 5vw, 3rem) 5rem; }
header { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; gap: 0.5rem 1rem; margin-bottom: clamp(1.5rem, 6vh, 4rem); font-size: 0.9375rem; }
.home { color: var(--quiet); text-decoration: none; font-weight: 600; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: 0.5rem; }
section { margin: 0 0 3.25rem; }
section[hidden] { display: none; }
h1 { font-size: clamp(1.75rem, 1.2rem + 2vw, 2.5rem); line-height: 1.15; letter-spacing: -0.02em; font-weight: 650; margin: 0 0 0.5rem; overflow-wrap: anywhere; }
h2 { font-size: 0.9375rem; font-weight: 600; color: var(--quiet); margin: 0 0 0.75rem; }
p { margin: 0; overflow-wrap: anywhere; }
.quiet, dt { color: var(--quiet); }
a { color: var(--accent); text-underline-offset: 0.2em; text-decoration-thickness: 1px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
code, pre { font: 0.875rem/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.commit { color: inherit; }
bdi { unicode-bidi: isolate; }
ul { list-style: none; margin: 0; padding: 0; }
.numbers { display: flex; flex-wrap: wrap; gap: 0.25rem 1.75rem; color: var(--quiet); margin-bottom: 2rem; font-variant-numeric: tabular-nums; }
.numbers strong { color: var(--ink); }
.notice { border-left: 3px solid var(--accent); padding-left: 1rem; margin-bottom: 2rem; }
main > p + p { margin-top: 0.75rem; }
.empty { padding: 3rem 0; }

.filter { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: center; margin-bottom: 1.25rem; }
input, select, button { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 0.45rem 0.75rem; min-height: 2.5rem; min-width: 0; }
input[type="search"] { flex: 1 1 12rem; }
input[type="checkbox"] { min-height: 0; accent-color: var(--accent); }
select { flex: 0 1 auto; max-width: min(100%, 14rem); text-overflow: ellipsis; }
button { cursor: pointer; background: var(--well); }
button:hover, summary:hover { border-color: var(--quiet); }

.state { display: inline-block; white-space: nowrap; margin-right: 0.75rem; }
.state::before { content: ""; display: inline-block; width: 0.5em; height: 0.5em; margin-right: 0.5em; border-radius: 50%; background: var(--accent); vertical-align: 0.1em; }
.state.busy::before { background: none; box-shadow: inset 0 0 0 2px var(--accent); }
.state.bad::before { background: var(--bad); }
.state.over::before { background: var(--quiet); }

.rows > li { display: grid; grid-template-columns: minmax(0, 1fr) 11rem 6.5rem 9.5rem 5.75rem; gap: 0.25rem 1.25rem; align-items: center; padding: 1rem 0; border-top: 1px solid var(--line); }
.rows .name a { font-weight: 600; overflow-wrap: anywhere; }
.rows .name p { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: 0.9375rem; }
.rows .facts .state { display: block; }
.rows .open { font-size: 0.9375rem; font-weight: 400; margin-left: 0.5rem; }
.rows .pair { display: flex; flex-direction: column; white-space: nowrap; font-size: 0.9375rem; }
@media (max-width: 46rem) {
  .rows > li { grid-template-columns: minmax(0, 1fr) auto; gap: 0.125rem 1rem; }
  .rows .menu { grid-column: -2; grid-row: 1; }
  .rows .facts, .rows .pair { grid-column: 1 / -1; }
  .rows .pair { flex-direction: row; flex-wrap: wrap; gap: 0 1rem; align-items: baseline; }
  .filter input { flex-basis: 100%; }
  .filter select { flex: 1 1 8rem; }
  h1 { font-size: 1.5rem; }
  .rows .facts .state { display: inline-block; }
}

.menu { position: relative; justify-self: end; }
.menu > summary { list-style: none; cursor: pointer; border: 1px solid var(--line); border-radius: 8px; padding: 0.3rem 0.75rem; font-size: 0.9375rem; white-space: nowrap; }
.menu summary::-webkit-details-marker { display: none; }
.menu > ul { position: absolute; right: 0; z-index: 1; margin-top: 0.375rem; min-width: 15rem; padding: 0.375rem; background: var(--paper); border: 1px solid var(--line); border-radius: 10px; box-shadow: 0 8px 28px rgb(0 0 0 / 0.14); }
.menu li button, .menu li summary { display: block; width: 100%; text-align: left; background: none; border: 0; border-radius: 6px; padding: 0.45rem 0.75rem; cursor: pointer; list-style: none; }
.menu li button:hover, .menu li summary:hover { background: var(--well); }
.menu li p { padding: 0.25rem 0.75rem 0.5rem; font-size: 0.9375rem; color: var(--quiet); }
.menu li .danger { color: var(--bad); font-weight: 600; }

.top { display: flex; justify-content: flex-end; height: 0; }
#status h1 { padding-right: 6.5rem; }
dl.facts { margin: 1.75rem 0 0; display: grid; gap: 0.5rem; }
dl.facts > div { display: grid; grid-template-columns: 9rem 1fr; gap: 1rem; }
dd { margin: 0; overflow-wrap: anywhere; }
dd .state { margin: 0; }
.inline { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; }
.failure { border-left: 3px solid var(--bad); padding-left: 1.25rem; margin-top: 1.75rem; }
.failure p { white-space: pre-wrap; margin-bottom: 0.375rem; max-width: 46rem; }
.failure .what { font-weight: 600; }
.failure + p { margin-top: 1.75rem; }
pre { margin: 0; padding: 1rem 1.25rem; overflow: auto; background: var(--well); border: 1px solid var(--line); border-radius: 8px; white-space: pre-wrap; overflow-wrap: anywhere; }
.failure pre { margin-top: 0.75rem; max-height: 20rem; }
#log { height: 26rem; }
#log:empty::before { content: "No lines."; color: var(--quiet); }
#log.still:empty { height: auto; }
#log b { font-weight: 400; color: var(--quiet); margin-right: 0.5rem; }

.bars { list-style: none; margin: 0; padding: 0; font-variant-numeric: tabular-nums; }
.bars li { display: grid; grid-template-columns: 11rem 1fr 4rem; gap: 1rem; align-items: center; min-height: 1.9rem; }
.bars .label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bars .span { text-align: right; color: var(--quiet); white-space: nowrap; }
.bars svg { display: block; width: 100%; height: 8px; overflow: visible; }
.bars .track { fill: var(--line); opacity: 0.6; }
.bars .bar { fill: var(--accent); opacity: 0.5; transition: width 1s linear, x 1s linear; }
.bars .running .bar, .bars .failed .bar { opacity: 1; }
.bars .failed .bar { fill: var(--bad); }
.bars .aborted .bar { fill: var(--quiet); }
.bars .running .label, .bars .failed .label { font-weight: 600; }
.axis { display: flex; justify-content: space-between; margin: 0.25rem 5rem 0 12rem; font-size: 0.8125rem; color: var(--quiet); font-variant-numeric: tabular-nums; }

.table li { display: grid; grid-template-columns: 9rem 11rem minmax(0, 1fr) minmax(0, auto); gap: 0.125rem 1.25rem; padding: 0.6rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
.table .state { margin: 0; }
.findings li { padding: 0.4rem 0; overflow-wrap: anywhere; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 46rem) {
  dl.facts > div { grid-template-columns: 1fr; gap: 0; }
  .bars li { grid-template-columns: 6rem 1fr 3.5rem; gap: 0.75rem; }
  .bars .label { white-space: normal; line-height: 1.25; overflow-wrap: anywhere; }
  .axis { margin: 0.25rem 4.25rem 0 6.75rem; }
  .table li { grid-template-columns: minmax(5rem, auto) 1fr; }
  .table li > :nth-child(n + 3) { grid-column: 1 / -1; }
  #log { height: 20rem; }
  pre { padding: 0.75rem; }
}
.who { display: flex; align-items: center; gap: 0.75rem; min-width: 0; }
.who bdi { overflow: hidden; text-overflow: ellipsis; }
.who button, .action { font-size: 0.9375rem; padding: 0.3rem 0.75rem; min-height: 2.25rem; white-space: nowrap; }
.action { display: inline-flex; align-items: center; margin: 1.25rem 0; border-radius: 8px; background: var(--accent); color: var(--paper); text-decoration: none; font-weight: 600; min-height: 2.75rem; padding: 0.3rem 1.25rem; }
@media (prefers-reduced-motion: reduce) { .bars .bar { transition: none; } }
`;
