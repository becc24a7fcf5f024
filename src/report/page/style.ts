const LIGHT = `--paper:#fbfaf8;--card:#fff;--ink:#1d2227;--muted:#565d66;--line:#e2dfd8;--track:#eeebe5;
--good:#1b6339;--good-paper:#e9f4ed;--care:#744a00;--care-paper:#fbf1da;--bad:#981b1b;--bad-paper:#fceaea;
--c0:#1f6f78;--c1:#4a5fa5;--c2:#b0741a;--c3:#a2456b;--c4:#4f7a3a;--c5:#7a5ba6;--c6:#b3563a;--c7:#3f7fb0;
--rest:#8b929b;--files:#6b7280;--charts:#3d4650;--weave:#d9c9a8;--thread:#8f7433`;

const DARK = `--paper:#14171b;--card:#1b1f24;--ink:#e7e6e2;--muted:#a7adb5;--line:#2e343b;--track:#2a3037;
--good:#8fd6aa;--good-paper:#173022;--care:#f0c877;--care-paper:#332810;--bad:#f5a3a3;--bad-paper:#3a1a1c;
--c0:#5cb8c1;--c1:#8f9fe0;--c2:#dda754;--c3:#dd86a8;--c4:#93bd77;--c5:#b79ce0;--c6:#e59777;--c7:#79b3de;
--rest:#7d858f;--files:#9aa1ab;--charts:#c3c9d0;--weave:#4d4327;--thread:#c2a65c`;

const TONES = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "rest", "files", "charts"];

/** The whole style of the page. The page's policy lets in nothing but this text, by its hash. */
export const STYLE = `:root{color-scheme:light dark;${LIGHT}}
@media screen and (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;overflow-wrap:anywhere;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main,header,footer{max-width:62rem;margin:0 auto;padding:0 1.5rem}
header{padding-top:3rem}
h1{font-size:2rem;line-height:1.2;margin:0 0 .25rem;font-weight:650;letter-spacing:-.01em}
h2{font-size:1.2rem;margin:3rem 0 1rem;padding-bottom:.4rem;border-bottom:1px solid var(--line);font-weight:620}
h3{font-size:1rem;margin:0;font-weight:600;line-height:1.4}
p{margin:.25rem 0}
.sub,.muted,dt,.figure{color:var(--muted)}
.code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.8125rem}
.verdict{display:flex;gap:1rem;align-items:flex-start;margin:1.75rem 0 0;padding:1.1rem 1.25rem;border-radius:.6rem;border-left:.35rem solid currentColor}
.verdict svg{flex:none;width:1.75rem;height:1.75rem;margin-top:.1rem}
.verdict strong{display:block;font-size:1.15rem}
.good{color:var(--good);background:var(--good-paper)}
.unsigned,.warning{color:var(--care);background:var(--care-paper)}
.refused,.error{color:var(--bad);background:var(--bad-paper)}
.info{color:var(--muted);background:var(--track)}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.35rem 1.5rem;margin:1.5rem 0 0}
dd{margin:0;min-width:0}
.figures{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.5rem 0 0;padding:0;list-style:none}
.figures li{flex:1 1 8rem;background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.75rem 1rem}
.figures b{display:block;font-size:1.4rem;font-weight:620;line-height:1.3}
.strip{display:block;width:100%;height:2.5rem;border-radius:.4rem}
.legend{list-style:none;margin:1rem 0 0;padding:0;columns:20rem;column-gap:2rem}
.legend li{break-inside:avoid;padding:.15rem 0 .15rem 1.4rem;position:relative}
.swatch{position:absolute;left:0;top:.5rem;width:.8rem;height:.8rem}
.figure,.word{white-space:nowrap}
.items{list-style:none;margin:0;padding:0}
.items>li{padding:1rem 0;border-bottom:1px solid var(--line);break-inside:avoid}
.items>li:last-child{border-bottom:0}
.row{display:grid;grid-template-columns:minmax(0,1fr) 15rem;gap:.25rem 2rem}
.bar{display:block;width:100%;height:.5rem;margin:.5rem 0 .35rem;border-radius:.25rem}
.tag{display:inline-block;padding:.05rem .5rem;border-radius:1rem;font-size:.8125rem;font-weight:600}
.plain{background:var(--track);color:var(--ink);font-weight:400;margin:.1rem .25rem .1rem 0}
.changes{list-style:none;margin:.5rem 0;padding:0}
.changes li{padding:.3rem 0 .3rem 1.75rem;position:relative}
.changes .sign{position:absolute;left:.25rem;font-weight:700}
table{width:100%;border-collapse:collapse;margin:.75rem 0 0;font-size:.9375rem}
th{text-align:left;color:var(--muted);font-weight:500;padding:.4rem 1rem .4rem 0;border-bottom:1px solid var(--line)}
td{padding:.45rem 1rem .45rem 0;border-bottom:1px solid var(--line);vertical-align:top}
footer{padding-top:1.5rem;padding-bottom:4rem;margin-top:3rem;border-top:1px solid var(--line);font-size:.875rem;color:var(--muted)}
${TONES.map((tone) => `.${tone}{fill:var(--${tone})}`).join("")}
.shared{fill:url(#shared)}.weave{fill:var(--weave)}.thread{fill:var(--thread)}.track{fill:var(--track)}
@media (max-width:40rem){main,header,footer{padding-left:1rem;padding-right:1rem}header{padding-top:1.5rem}h1{font-size:1.6rem}
.row,dl{grid-template-columns:minmax(0,1fr)}dl{gap:0}dd{margin-bottom:.6rem}thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--line)}td{display:block;border:0;padding:.1rem 0}}
@media print{@page{margin:16mm}body{background:#fff;font-size:10.5pt}main,header,footer{max-width:none;padding:0}h2{margin-top:1.75rem;break-after:avoid}
.verdict,.figures li,.strip,.bar,.swatch,.tag{print-color-adjust:exact;-webkit-print-color-adjust:exact}.verdict,tr{break-inside:avoid}}
`;
