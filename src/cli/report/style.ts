/** Everything that a report looks like: it must work offline, by day, by night, on a phone and on paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #ffffff; --ink: #1b2330; --soft: #5d6878; --line: #dfe3e9;
  --good: #147a46; --good-bg: #e2f4ea; --bad: #b3261e; --bad-bg: #fbe6e4; --told: #5d6878; --told-bg: #eceff3;
  --accent: #2158c7; --ack: #3d7be0; --gap: #f7d9d6;
  --master: #1d4fb8; --replica: #a9c8f5; --watching: #cfd5dd; --refusing: #e8a33d; --unlinked: #f3d9a4;
  --loading: #d8c8f0; --locked: #8b5fbf; --silent: #e07a3f; --down: #d2483e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10151d; --card: #19212c; --ink: #e6ebf2; --soft: #9aa7b8; --line: #2c3746;
    --good: #6fd39b; --good-bg: #173527; --bad: #ff8f85; --bad-bg: #43201f; --told: #9aa7b8; --told-bg: #263040;
    --accent: #86b1ff; --ack: #5b93ee; --gap: #4a2726;
    --master: #6ea2ff; --replica: #2d4b7a; --watching: #3a4554; --refusing: #d9982f; --unlinked: #6d5a30;
    --loading: #5d4a7d; --locked: #a57bd8; --silent: #d2733a; --down: #c24a41;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink); line-height: 1.5;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 1040px; margin: 0 auto; padding: 32px 20px 64px; }
header { display: flex; flex-wrap: wrap; gap: 16px 24px; align-items: flex-end; justify-content: space-between; }
h1 { font-size: 34px; line-height: 1.15; margin: 0; letter-spacing: -0.02em; overflow-wrap: anywhere; }
h2 { font-size: 23px; line-height: 1.25; margin: 0; letter-spacing: -0.01em; }
h3 { font-size: 14px; margin: 28px 0 8px; color: var(--soft); font-weight: 600; }
p { margin: 8px 0 0; }
a { color: var(--accent); }
code { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.over { margin: 0 0 4px; font-size: 14px; color: var(--soft); }
.meta { margin: 8px 0 0; color: var(--soft); font-size: 15px; }
.soft { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 24px; margin-top: 24px; }
.card > .top { display: flex; gap: 16px; align-items: flex-start; justify-content: space-between; }
.badge {
  display: inline-block; border-radius: 999px; padding: 3px 12px; font-weight: 650; font-size: 14px;
  white-space: nowrap; color: var(--told); background: var(--told-bg);
}
.badge.good { color: var(--good); background: var(--good-bg); }
.badge.bad { color: var(--bad); background: var(--bad-bg); }
.badge.large { font-size: 18px; padding: 6px 18px; }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 12px; margin-top: 20px; }
.tile { border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px; min-width: 0; }
.tile b { display: block; font-size: 24px; line-height: 1.2; font-weight: 650; overflow-wrap: anywhere; }
.tile b.name { font-size: 18px; line-height: 1.6; }
.tile span { color: var(--soft); font-size: 13px; }
.tile.bad b { color: var(--bad); }
.note { border-left: 3px solid var(--refusing); padding: 2px 0 2px 12px; margin-top: 16px; font-size: 15px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 15px; }
th { text-align: left; color: var(--soft); font-weight: 600; font-size: 13px; }
th, td { padding: 7px 12px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td small { display: block; color: var(--soft); font-size: 13px; }
td.wide, th.wide { padding-left: 12px; white-space: nowrap; }
.expected { color: var(--soft); }
.mark { width: 26px; font-weight: 700; padding-right: 6px; }
.mark.good { color: var(--good); } .mark.bad { color: var(--bad); } .mark.told { color: var(--soft); }
.chart { display: block; width: 100%; min-width: 720px; height: auto; }
.chart text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; fill: var(--ink); }
.chart .tick, .chart .soft { fill: var(--soft); font-size: 11px; }
.grid { stroke: var(--line); stroke-width: 1; }
.base { stroke: var(--soft); stroke-width: 1; }
.fault { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 4 3; }
.acknowledged { fill: var(--ack); } .lost { fill: var(--silent); } .failed { fill: var(--down); }
.gap { fill: var(--gap); }
.chart .gap-label { fill: var(--bad); font-weight: 650; }
.lane.master { fill: var(--master); } .lane.replica { fill: var(--replica); } .lane.watching { fill: var(--watching); }
.lane.refusing { fill: var(--refusing); } .lane.unlinked { fill: var(--unlinked); } .lane.loading { fill: var(--loading); }
.lane.locked { fill: var(--locked); } .lane.silent { fill: var(--silent); } .lane.down { fill: var(--down); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 8px 0 0; padding: 0; font-size: 13px; color: var(--soft); }
.legend li { display: flex; align-items: center; gap: 6px; }
.legend svg { width: 14px; height: 14px; }
.events { font-variant-numeric: tabular-nums; }
.events td { padding-top: 4px; padding-bottom: 4px; }
.events .when { white-space: nowrap; text-align: right; color: var(--soft); width: 90px; }
.events .who { white-space: nowrap; font-weight: 600; }
.events .fault td { color: var(--bad); } .events .heal td { color: var(--accent); } .events .good td { color: var(--good); }
.events tr.fault td.when, .events tr.heal td.when, .events tr.good td.when { color: var(--soft); }
details { margin-top: 16px; }
summary { cursor: pointer; color: var(--accent); font-size: 15px; }
footer { margin-top: 32px; color: var(--soft); font-size: 13px; }
@media (max-width: 700px) {
  main { padding: 20px 12px 48px; }
  .card { padding: 16px; border-radius: 10px; }
  .tiles { grid-template-columns: repeat(2, 1fr); }
  h1 { font-size: 27px; }
  .wide { display: none; }
}
@media print {
  :root {
    --page: #fff; --card: #fff; --ink: #111; --soft: #555; --line: #ddd; --good: #147a46; --good-bg: #e2f4ea;
    --bad: #b3261e; --bad-bg: #fbe6e4; --told: #555; --told-bg: #eee; --accent: #2158c7; --ack: #3d7be0; --gap: #f7d9d6;
    --master: #1d4fb8; --replica: #a9c8f5; --watching: #cfd5dd; --refusing: #e8a33d; --unlinked: #f3d9a4;
    --loading: #d8c8f0; --locked: #8b5fbf; --silent: #e07a3f; --down: #d2483e;
  }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  .card { border: 0; padding: 0; margin-top: 28px; }
  .card + .card { break-before: page; }
  .chart { min-width: 0; }
  .tiles, .chart, .legend, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  details:not([open]) { display: none; }
}
`;
