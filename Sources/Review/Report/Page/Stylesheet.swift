/// How a report looks: light and dark, on a screen, a phone and paper. Colours say nothing that words don't say, too.
enum Stylesheet {
  static let text: StaticString = """
    :root { color-scheme: light dark;
      --page: #f5f6f8; --card: #ffffff; --ink: #16202c; --soft: #566273; --line: #d9dee5; --tint: #eef1f5;
      --good: #0f6b3f; --good-tint: #e0f2e7; --bad: #ab1f24; --bad-tint: #fbe5e4; --care: #855000; --care-tint: #fcefd3;
      --acting: #174ea6; --probing: #5f93d6; --people: #c9820a; --between: #8a94a3; --stopped: #5f6a78; --before: #7d5bb5; }
    @media (prefers-color-scheme: dark) { :root {
      --page: #0e141b; --card: #161e27; --ink: #e8edf3; --soft: #a3b0bf; --line: #2b3744; --tint: #1d2732;
      --good: #6dd39c; --good-tint: #12362a; --bad: #ff9d97; --bad-tint: #451c1f; --care: #f2c062; --care-tint: #3d2e10;
      --acting: #7db4ff; --probing: #3f6ea8; --people: #d59b35; --between: #5f6d7e; --stopped: #93a0b0; --before: #a385d8; } }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; }
    body { margin: 0; background: var(--page); color: var(--ink);
      font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: anywhere; }
    .page { max-width: 66rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }
    h1, h2, h3, h4, p, dl, ul, ol { margin: 0; }
    h1 { font-size: 1.9rem; line-height: 1.2; letter-spacing: -.015em; margin: .6rem 0 .35rem; }
    h2 { font-size: 1.2rem; letter-spacing: -.005em; margin-bottom: .8rem; }
    h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; } h4 { font-size: .9rem; margin: 1rem 0 .35rem; color: var(--soft); }
    a { color: inherit; text-underline-offset: .18em; }
    a:focus-visible, summary:focus-visible { outline: 3px solid var(--acting); outline-offset: 2px; border-radius: 4px; }
    code { font: .86em/1.45 ui-monospace, "SFMono-Regular", Menlo, Consolas, "Liberation Mono", monospace; }
    ul, ol { padding-left: 1.2rem; }
    .soft { color: var(--soft); } .small { font-size: .875rem; } .nowrap { white-space: nowrap; }
    .eyebrow { color: var(--soft); font-size: .8rem; letter-spacing: .07em; text-transform: uppercase; font-weight: 600; }
    h1 + p { margin-bottom: .5rem; } .told p + p { margin-top: .6rem; }
    .lead { font-size: 1.06rem; max-width: 46rem; }
    .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.2rem 1.3rem; margin-top: 1.1rem; }
    .chip { display: inline-block; border-radius: 99px; padding: .08rem .62rem; font-size: .82rem; font-weight: 600;
      background: var(--tint); color: var(--soft); white-space: nowrap; }
    .chip.good { background: var(--good-tint); color: var(--good); } .chip.bad { background: var(--bad-tint); color: var(--bad); }
    .chip.care { background: var(--care-tint); color: var(--care); }
    .verdict { font-size: 1rem; padding: .22rem .95rem; }
    .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1.1rem; margin-top: 1.1rem; }
    .figures .card { margin: 0; } .figures dt { color: var(--soft); font-size: .875rem; }
    .figures dd { margin: 0; } .figure { font-size: 1.4rem; line-height: 1.35; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
    .facts th[scope=row] { min-width: 9rem; }
    .items { list-style: none; padding: 0; }
    .items li { padding: .55rem 0 .55rem .9rem; border-left: 4px solid var(--line); margin-bottom: .45rem; }
    .items .bad { border-color: var(--bad); } .items .caution { border-color: var(--people); }
    .items b { font-weight: 650; }
    nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; padding: 0; margin-top: 1.2rem; font-size: .925rem; }
    table { border-collapse: collapse; width: 100%; font-size: .925rem; }
    caption { text-align: left; color: var(--soft); font-size: .875rem; padding-bottom: .35rem; }
    th, td { text-align: left; vertical-align: top; padding: .45rem .8rem .45rem 0; border-bottom: 1px solid var(--line); }
    th { font-weight: 600; } thead th { color: var(--soft); font-size: .82rem; }
    tbody tr:last-child > * { border-bottom: 0; }
    .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    .changed { font-weight: 650; } .gap { color: var(--care); }
    details { border-top: 1px solid var(--line); } details:last-of-type { border-bottom: 1px solid var(--line); }
    summary { cursor: pointer; padding: .7rem 0; display: grid; grid-template-columns: 1.2rem 2rem minmax(0, 1fr) auto; gap: .2rem .5rem; align-items: baseline; list-style: none; }
    summary::-webkit-details-marker { display: none; }
    summary::before { content: "▸"; color: var(--soft); } details[open] > summary::before { content: "▾"; }
    summary .name { font-weight: 600; } summary .what { grid-column: 3 / -1; font-size: .9rem; color: var(--soft); }
    .check > summary { grid-template-columns: 1.2rem minmax(0, 1fr) auto; } .check > summary .what { grid-column: 2 / -1; }
    .inside { padding: 0 0 1.1rem 1.7rem; } .inside table { margin-bottom: .7rem; } .inside details { border: 0; } .inside summary { display: block; font-size: .9rem; padding: .3rem 0; color: var(--soft); }
    .inside summary::before { margin-right: .45rem; }
    .pairs { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .3rem 1.1rem; font-size: .925rem; }
    p + .pairs { margin-top: .7rem; } .chip + .chip { margin-left: .35rem; }
    .pairs dt { color: var(--soft); } .pairs dd { margin: 0; }
    blockquote { margin: .3rem 0 0; padding-left: .8rem; border-left: 3px solid var(--line); }
    .events li + li { margin-top: .3rem; } .checks + p { margin-top: .8rem; } .checks { align-items: baseline; } .checks pre { margin: 0; }
    .notes { font-size: .85rem; color: var(--soft); margin-top: .4rem; } .events + .notes { margin-top: 1.1rem; }
    .chart { display: grid; grid-auto-flow: row dense; grid-template-columns: minmax(8rem, 15rem) minmax(0, 1fr) 5.5rem; gap: 0 .9rem; align-items: center; font-size: .9rem; }
    .chart .label { padding: .32rem 0; line-height: 1.25; } .chart .critical { font-weight: 650; } .chart .bar { grid-column: 2; } .chart .took { grid-column: 3; text-align: right; font-variant-numeric: tabular-nums; color: var(--soft); }
    svg { display: block; width: 100%; overflow: visible; } svg text { fill: var(--soft); font: 11px system-ui, sans-serif; }
    .acting { fill: var(--acting); } .probing { fill: var(--probing); } .people { fill: var(--people); }
    .between { fill: var(--between); } .stopped { fill: var(--stopped); } .before { fill: var(--before); }
    .rail { stroke: var(--line); } .grid { stroke: var(--line); stroke-dasharray: 2 3; } .turn { stroke: var(--soft); stroke-dasharray: 5 3; }
    .mark { stroke: var(--card); stroke-width: 1.5; } .mark.good { fill: var(--good); } .mark.bad { fill: var(--bad); } .mark.care { fill: var(--care); }
    .path { fill: none; stroke: var(--ink); stroke-width: 1.5; }
    .stack { margin: .35rem 0 .8rem; }
    .legend { display: flex; flex-wrap: wrap; gap: .25rem 1.2rem; font-size: .85rem; color: var(--soft); margin-top: .9rem; list-style: none; padding: 0; }
    .swatch, .legend svg { display: inline-block; width: 16px; height: 12px; margin-right: .4rem; vertical-align: -1px; }
    pre { margin: .5rem 0 0; padding: .7rem .9rem; background: var(--tint); border-radius: 8px; white-space: pre-wrap; font: .82rem/1.5 ui-monospace, Menlo, Consolas, monospace; }
    footer { margin-top: 1.6rem; font-size: .85rem; color: var(--soft); }
    @media (max-width: 44rem) {
      .page { padding: 1rem .8rem 2rem; } .card { padding: 1rem .9rem; border-radius: 10px; } h1 { font-size: 1.5rem; }
      .chart { grid-template-columns: minmax(0, 1fr) auto; } .chart .label { padding: .5rem 0 .1rem; } .chart .bar { grid-column: 1 / -1; } .chart .took { grid-column: 2; align-self: end; }
      .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .6rem; } .figures .chip { white-space: normal; }
      .inside { padding-left: .2rem; } .check > summary { grid-template-columns: 1.2rem minmax(0, 1fr); } .check > summary .chips { grid-column: 2; }
      .facts thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
      .facts tr, .facts td, .facts th { display: block; border: 0; padding: .1rem 0; } .facts tr { padding: .5rem 0; border-bottom: 1px solid var(--line); }
      .facts td[data-label]::before { content: attr(data-label) ": "; color: var(--soft); font-weight: 400; }
      .facts th[scope=row] { min-width: 0; } .facts .number { text-align: left; }
      .pairs { grid-template-columns: minmax(0, 1fr); gap: 0; } .pairs dd { margin-bottom: .5rem; }
    }
    @media print {
      :root { color-scheme: light; --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --tint: #f2f2f2;
        --good: #0f6b3f; --good-tint: #fff; --bad: #ab1f24; --bad-tint: #fff; --care: #855000; --care-tint: #fff;
        --acting: #174ea6; --probing: #5f93d6; --people: #c9820a; --between: #8a94a3; --stopped: #5f6a78; --before: #7d5bb5; }
      * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      body { font-size: 10pt; } .page { max-width: none; padding: 0; } nav { display: none; } .card { border-radius: 0; border-width: 1px 0 0; padding: .8rem 0; }
      .figures { grid-template-columns: repeat(4, minmax(0, 1fr)); gap: .6rem; } summary::before { content: "" !important; }
      .figures .card { border: 1px solid var(--line); padding: .6rem .8rem; } .chip { border: 1px solid currentColor; }
      details::details-content { content-visibility: visible; display: block; block-size: auto; }
      summary, h2, h3, h4 { break-after: avoid; } tr, .items li, .chart > * { break-inside: avoid; }
      @page { margin: 16mm 14mm; }
    }
    """
}
