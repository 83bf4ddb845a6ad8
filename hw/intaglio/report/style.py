"""Style of the pages: system fonts, the drawing's colours, paper when printed."""

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;
background:var(--paper);color:var(--ink)}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem}
.cards{display:flex;flex-wrap:wrap;gap:.7rem}
.card{border:1px solid var(--faint);border-radius:.5rem;padding:.6rem .9rem;min-width:9.5rem}
.card b,.card span,.card small,.card em{display:block}.card span{font-size:1.25rem}
.card small{color:var(--grey);max-width:15rem}.card em{color:var(--blue);font-size:.8rem}
figure{margin:0}figcaption{color:var(--grey);max-width:60rem}
svg.chart{width:100%;max-width:60rem;height:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.2rem .6rem;border-bottom:1px solid var(--faint)}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.sort>input{position:absolute;opacity:0;pointer-events:none}
.sort label{cursor:pointer}.sort label::after{content:" \\2195";color:var(--faint)}
.sort tbody{display:flex;flex-direction:column}.sort thead,.sort tbody{width:100%}
.sort thead{display:block}.sort tr{display:grid;grid-template-columns:var(--columns)}
.sort td,.sort th{overflow-wrap:anywhere}
input:focus-visible+table label{outline:2px solid var(--blue)}
pre{background:color-mix(in srgb,var(--faint) 25%,transparent);padding:.7rem;overflow-x:auto}
@media print{body{max-width:none;margin:0}figure{break-inside:avoid}}
"""
