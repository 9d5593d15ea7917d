/** The look of our plain pages: one stylesheet, in the page, in the dashboard's colours. */

/** See the file's header. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b626c; --line: #e3e5ea; --strong-line: #c9cdd5;
  --back: #f7f8fa; --card: #fff; --accent: #2f4fc4; --accent-back: #e9edfb; --good: #146c3e; --bad: #b42318;
  --bad-back: #fdeceb; --wait: #8a5a00; --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas,
  "DejaVu Sans Mono", monospace; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9ebee; --soft: #a3a9b3; --line: #2a2e35;
  --strong-line: #434953; --back: #0f1114; --card: #16191d; --accent: #9db2ff; --accent-back: #222b47;
  --good: #5fdc9a; --bad: #ff9a93; --bad-back: #3a1a18; --wait: #f2c14b; } }
*, ::before, ::after { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI",
  Roboto, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
main.narrow { max-width: 42rem; padding-top: 7vh; }
.brand { display: flex; align-items: center; gap: .45rem; margin: 0 0 1.75rem; font-size: .95rem; font-weight: 650;
  letter-spacing: -.01em; color: var(--soft); }
.brand svg { width: 1.35rem; height: 1.35rem; fill: var(--accent); stroke: var(--accent); }
.brand path { fill: none; stroke-width: 1.6; }
.brand circle { stroke: none; }
h1 { font-size: 1.55rem; font-weight: 680; letter-spacing: -.015em; line-height: 1.25; margin: 0 0 .75rem;
  overflow-wrap: anywhere; }
h2 { font-size: 1rem; font-weight: 650; margin: 2rem 0 .6rem; }
p { margin: .6rem 0; overflow-wrap: anywhere; }
a { color: var(--accent); text-underline-offset: .15em; text-decoration-thickness: 1px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: .35rem; }
code, pre, .mono { font: .875em/1.5 var(--mono); overflow-wrap: anywhere; }
h1 code { font: inherit; color: var(--accent); }
pre { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .75rem .9rem;
  white-space: pre-wrap; margin: .6rem 0; }
pre.log { max-height: 28rem; overflow: auto; font-size: .8rem; }
.soft { color: var(--soft); }
.bad { color: var(--bad); }
.wait { color: var(--wait); }
.notice { background: var(--bad-back); color: var(--bad); border-radius: .6rem; padding: .6rem .9rem; }
.status { display: inline-block; background: var(--bad-back); color: var(--bad); border-radius: 1rem; padding: 0 .7rem;
  font-size: .875rem; font-weight: 600; margin: 0 0 .6rem; }
.tag { border: 1px solid var(--strong-line); border-radius: 1rem; padding: 0 .5rem; font-size: .8rem;
  white-space: nowrap; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: .9rem 1.1rem;
  margin: 1.1rem 0; }
.card > :first-child { margin-top: 0; }
.card > :last-child { margin-bottom: 0; }
.actions { display: flex; flex-wrap: wrap; gap: .5rem 1.4rem; margin: 1.4rem 0 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .925rem; }
th { text-align: left; color: var(--soft); font-weight: 500; font-size: .8rem; }
th, td { padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: baseline; }
td { overflow-wrap: anywhere; }
/* What is read whole keeps its width, whatever stands in the next column. */
td.host { overflow-wrap: break-word; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .4rem 1.25rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
form { margin: 0; }
button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--strong-line);
  border-radius: .5rem; padding: .3rem .8rem; cursor: pointer; white-space: nowrap; }
button:hover { border-color: var(--accent); }
small { color: var(--soft); font-size: .86em; }
ul.choices { list-style: none; padding: 0; margin: 1.1rem 0; }
ul.choices li { margin: .6rem 0; }
ul.choices button { display: grid; grid-template-columns: 1fr auto; gap: .1rem 1rem; width: 100%; text-align: left;
  padding: .8rem 1.1rem; border-color: var(--line); border-radius: .75rem; overflow-wrap: anywhere;
  white-space: normal; }
ul.choices button:hover, ul.choices button:focus-visible { border-color: var(--accent);
  background: var(--accent-back); }
ul.choices strong { font-weight: 620; }
ul.choices small { grid-column: 1 / -1; }
ul.choices .why { color: var(--good); }
ul.choices .mono { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: .8rem; }
details summary { cursor: pointer; color: var(--soft); }
ul.choices .port { color: var(--soft); font-family: var(--mono); font-size: .875rem; }
ul.places { padding-left: 1.2rem; }
ol.steps { list-style: none; padding: 0; margin: 0; }
ol.steps li { position: relative; padding: .3rem 0 .3rem 2rem; overflow-wrap: anywhere; }
ol.steps li::before { position: absolute; left: .1rem; width: 1.2rem; text-align: center; font-weight: 700; }
ol.steps .done::before { content: "\\2713"; color: var(--good); }
ol.steps .failed::before { content: "\\00d7"; color: var(--bad); }
ol.steps .next { color: var(--soft); }
ol.steps .next::before { content: "\\00b7"; color: var(--soft); }
ol.steps .now { font-weight: 560; }
ol.steps .now::before { content: ""; top: .62rem; left: .2rem; width: .95rem; height: .95rem; border-radius: 50%;
  border: 2px solid var(--strong-line); border-top-color: var(--accent); }
@media (prefers-reduced-motion: no-preference) { ol.steps .now::before { animation: turn 1s linear infinite; } }
@keyframes turn { to { transform: rotate(1turn); } }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } }
`;
