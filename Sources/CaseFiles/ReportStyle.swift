/// The report's style sheet. Holds no `<` and no `&`, so that the page is well-formed XML too.
enum ReportStyle {
    /// All rules: screen in both colour schemes, narrow to wide, and print.
    static let sheet: StaticString = """
        :root {
          color-scheme: light dark;
          --paper: #f4f7f8; --card: #ffffff; --ink: #13212b; --muted: #4b5c68; --line: #d2dce1;
          --soft: #e9eff2; --link: #0a5a7d; --deep: #0c2b3b; --on-deep: #f2f8fa; --on-deep-muted: #b7ccd6;
          --accused: #a33a00; --accused-soft: #fdeee5; --suspect: #715200; --suspect-soft: #faf1d8;
          --clear: #00634b; --clear-soft: #e2f3ed; --open: #52606a; --open-soft: #e9eef1;
          --leak: #c9500f; --bar: #2c6e9b; --track: #dfe8ec; --calm: #8ba7b5;
          --k1: #0072b2; --k2: #c9500f; --k3: #00855f; --k4: #a2448a; --k5: #66757f; --node: #13212b;
          --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace;
          --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --paper: #0d151a; --card: #141e25; --ink: #e3ebef; --muted: #a4b5bf; --line: #2b3b46;
            --soft: #1b2831; --link: #7fc7ea; --deep: #081e2a; --on-deep: #eaf4f8; --on-deep-muted: #a3bdc9;
            --accused: #ff9d6b; --accused-soft: #38200f; --suspect: #e6c167; --suspect-soft: #30290f;
            --clear: #6dd3ae; --clear-soft: #10302a; --open: #b0bec7; --open-soft: #202d36;
            --leak: #f08243; --bar: #5aa5d6; --track: #24333d; --calm: #4a6878;
            --k1: #56b4e9; --k2: #f08243; --k3: #3fc296; --k4: #dd8fc4; --k5: #8b9aa5; --node: #e3ebef;
          }
        }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 var(--sans);
          overflow-wrap: break-word; }
        a { color: var(--link); text-underline-offset: .15em; }
        a:hover { text-decoration-thickness: 2px; }
        :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
        h1, h2, h3, h4 { line-height: 1.2; text-wrap: balance; margin: 0; font-weight: 650; }
        h2 { font-size: 1.5rem; letter-spacing: -.01em; }
        h3 { font-size: 1.25rem; letter-spacing: -.005em; }
        h4 { font-size: 1rem; margin: 2rem 0 .5rem; }
        main > section > h3 { margin: 2.25rem 0 .6rem; }
        p { margin: .5rem 0; max-width: 68ch; }
        ul, ol { margin: .5rem 0; padding-left: 1.25rem; }
        .id, code { font-family: var(--mono); font-size: .875em; overflow-wrap: anywhere; }
        .muted, .note { color: var(--muted); }
        .note { font-size: .875rem; }
        .num { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
        .nowrap, time { white-space: nowrap; font-variant-numeric: tabular-nums; }
        .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
          white-space: nowrap; }
        .skip { position: absolute; left: 1rem; top: -10rem; z-index: 9; padding: .5rem 1rem;
          background: var(--card); color: var(--link); }
        .skip:focus { top: 1rem; }
        .wrap { max-width: 78rem; margin: 0 auto; padding: 0 1rem; }

        .top { background: var(--deep); color: var(--on-deep); padding: 1.25rem 0 2.25rem; }
        .top .brand { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; justify-content: space-between;
          align-items: baseline; font-size: .875rem; color: var(--on-deep-muted); max-width: none;
          margin: 0 0 1.75rem; padding-bottom: .75rem; border-bottom: 1px solid #ffffff2e; }
        .top .brand b { color: var(--on-deep); font-weight: 650; letter-spacing: .01em; }
        .top h1 { font-size: clamp(1.75rem, 1.2rem + 2.6vw, 3rem); letter-spacing: -.022em; line-height: 1.08; }
        .top .lede { font-size: clamp(1.0625rem, 1rem + .35vw, 1.25rem); line-height: 1.5; margin: .9rem 0 0;
          max-width: 58ch; }
        .top .sure { color: var(--on-deep-muted); margin: .75rem 0 0; }
        .top :focus-visible { outline-color: var(--on-deep); }

        .layout { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.5rem; padding-top: 1.5rem; }
        .contents { font-size: .9375rem; }
        .contents ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .15rem 1.1rem; }
        .contents li ul { display: none; }
        .contents a { display: inline-block; padding: .15rem 0; }
        main { min-width: 0; }
        main > section { margin: 0 0 3.25rem; }
        main > section > h2 { padding-bottom: .6rem; border-bottom: 2px solid var(--ink); margin-bottom: 1rem; }

        .facts { display: flex; flex-wrap: wrap; margin: 1rem 0; background: var(--card); border: 1px solid var(--line);
          border-radius: 6px; overflow: hidden; }
        .facts div { flex: 1 1 11.5rem; padding: .8rem .9rem; margin: 0 -1px -1px 0; border-right: 1px solid var(--line);
          border-bottom: 1px solid var(--line); min-width: 0; }
        .facts.small div { flex-basis: 8.5rem; }
        .facts dt { font-size: .8125rem; color: var(--muted); line-height: 1.3; }
        .facts dd { margin: .2rem 0 0; font-size: 1.375rem; font-weight: 650; line-height: 1.2;
          font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
        .facts dd small { display: block; font-size: .8125rem; font-weight: 400; color: var(--muted);
          letter-spacing: 0; margin-top: .25rem; line-height: 1.35; }
        .facts.small dd { font-size: 1.0625rem; }
        .facts .alarm dd { color: var(--accused); }
        .facts .alarm dd small { color: var(--muted); }

        .tag { display: inline-block; font-size: .8125rem; font-weight: 650; line-height: 1.3; padding: .12rem .5rem;
          border-radius: 3px; white-space: nowrap; border-left: 4px solid currentColor; color: var(--open);
          background: var(--open-soft); }
        .tag.distillation { color: var(--accused); background: var(--accused-soft); }
        .tag.suspicious { color: var(--suspect); background: var(--suspect-soft); }
        .tag.no_finding { color: var(--clear); background: var(--clear-soft); }

        .scroll { overflow: auto; max-width: 100%; border: 1px solid var(--line); border-radius: 6px;
          background: var(--card); margin: .75rem 0; }
        .scroll.tall { max-height: 26rem; }
        table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
        caption { text-align: left; padding: .6rem .8rem; color: var(--muted); font-size: .875rem;
          border-bottom: 1px solid var(--line); }
        caption span { display: block; position: sticky; left: .8rem; max-width: min(72ch, 100vw - 5.5rem); }
        th, td { text-align: left; vertical-align: top; padding: .45rem .8rem; border-bottom: 1px solid var(--line); }
        tbody tr:last-child > * { border-bottom: 0; }
        thead th { font-size: .8125rem; font-weight: 600; color: var(--muted); background: var(--soft);
          position: sticky; top: 0; white-space: nowrap; z-index: 1; }
        th.num, td.num { text-align: right; }
        tbody th { font-weight: 500; }
        .tall table { font-size: .8125rem; }
        .tall th, .tall td { padding: .35rem .55rem; }
        .shares caption { padding: 0 0 .5rem; border: 0; }
        td .id, th .id { white-space: nowrap; }
        td.long { min-width: 11rem; }
        td.long .id { white-space: normal; }
        .lane { width: 100%; min-width: 12rem; height: 1.6rem; display: block; }
        td.lanes { width: 34%; vertical-align: middle; }

        .case { border: 1px solid var(--line); border-radius: 8px; background: var(--card); margin: 1.5rem 0 2.5rem;
          padding: 1.25rem 1rem 1.5rem; border-top: 6px solid var(--open); }
        .case.distillation { border-top-color: var(--accused); }
        .case.suspicious { border-top-color: var(--suspect); }
        .case .scroll, .case .facts { background: var(--card); }
        .casehead { display: flex; flex-wrap: wrap; gap: .4rem .8rem; align-items: center; margin: 0 0 .6rem;
          max-width: none; }
        .casehead .id { font-size: 1rem; font-weight: 650; }
        .verdict { font-size: 1.0625rem; }

        figure { margin: .75rem 0; }
        figcaption { font-size: .875rem; color: var(--muted); margin-top: .4rem; max-width: 72ch; }
        .chart { display: grid; grid-template-columns: auto minmax(0, 1fr); column-gap: .5rem; font-size: .8125rem;
          color: var(--muted); font-variant-numeric: tabular-nums; }
        .chart .axis { display: flex; flex-direction: column; justify-content: space-between; text-align: right;
          line-height: 1; }
        .chart .name { grid-column: 2; color: var(--ink); font-weight: 600; margin: .5rem 0 .25rem; }
        .chart .plot { position: relative; }
        .chart svg { display: block; width: 100%; border-bottom: 1px solid var(--muted);
          border-left: 1px solid var(--line); }
        .chart .flagrow { grid-column: 2; position: relative; height: 1.5rem; }
        .chart .flag { position: absolute; bottom: 0; white-space: nowrap; color: var(--ink); font-weight: 600;
          padding: 0 .35rem; border-left: 2px solid var(--ink); }
        .chart .flag.left { border-left: 0; border-right: 2px solid var(--ink); }
        .chart .dates { grid-column: 2; display: flex; justify-content: space-between; margin-top: .3rem; }
        .bars { height: 8.5rem; } .steps { height: 4.25rem; }
        .f-leak { fill: var(--leak); } .f-bar { fill: var(--bar); } .f-track { fill: var(--track); }
        .f-soft { fill: var(--bar); fill-opacity: .28; }
        .l-bar { stroke: var(--bar); fill: none; stroke-width: 1.5; vector-effect: non-scaling-stroke; }
        .l-grid { stroke: var(--line); stroke-width: 1; vector-effect: non-scaling-stroke; }
        .l-flag { stroke: var(--ink); stroke-width: 2; vector-effect: non-scaling-stroke; }
        .legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .875rem; margin: .6rem 0 0; padding: 0;
          list-style: none; }
        .legend svg { width: 1.75rem; height: .8rem; vertical-align: -.05rem; margin-right: .4rem; }
        .legend .swatch { width: .8rem; }
        .graph { border: 1px solid var(--line); border-radius: 6px; background: var(--paper); }
        .graph svg { display: block; width: 100%; height: auto; max-height: 30rem; }
        .edge { fill: none; stroke-width: 1.3; stroke-opacity: .85; }
        .legend .edge { stroke-width: 2.5; stroke-opacity: 1; }
        .e1 { stroke: var(--k1); } .e2 { stroke: var(--k2); stroke-dasharray: 6 3; }
        .e3 { stroke: var(--k3); stroke-dasharray: 2 2.5; } .e4 { stroke: var(--k4); stroke-dasharray: 9 3 2 3; }
        .e5 { stroke: var(--k5); stroke-dasharray: 1 4; }
        .node { fill: var(--node); stroke: var(--paper); stroke-width: 1.5; }
        .shares { border: 0; } .shares td, .shares th { border-bottom: 0; padding: .25rem .6rem .25rem 0;
          vertical-align: middle; }
        .shares .track { width: 100%; min-width: 3rem; height: .8rem; display: block; border-radius: 2px; }
        .shares td.wide { width: 62%; }
        .shares tbody th { overflow-wrap: anywhere; }
        .split { display: block; width: 100%; height: 1.1rem; border-radius: 3px; }
        .s1 { fill: var(--accused); } .s2 { fill: var(--suspect); } .s3 { fill: var(--calm); } .s4 { fill: var(--open); }

        .points { list-style: none; padding: 0; margin: .5rem 0; border-top: 1px solid var(--line); }
        .points > li { border-bottom: 1px solid var(--line); padding: .85rem 0; display: grid; gap: .25rem 2rem; }
        .points h5 { margin: 0; font-size: 1rem; font-weight: 600; line-height: 1.35; }
        .points p { margin: .2rem 0; font-size: .9375rem; }
        .points .why { color: var(--muted); }
        .measure { margin: .25rem 0 0; display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .1rem .9rem;
          font-size: .875rem; align-content: start; }
        .measure dt { color: var(--muted); } .measure dd { margin: 0; font-variant-numeric: tabular-nums; }
        .example { margin: .75rem 0; padding: .1rem 0 .1rem .9rem; border-left: 3px solid var(--line); }
        .example pre { white-space: pre-wrap; overflow-wrap: anywhere; font: .875rem/1.5 var(--mono); margin: .35rem 0 0; }
        .example p { font-size: .875rem; color: var(--muted); margin: 0; max-width: none; }
        details { margin: .75rem 0; }
        summary { cursor: pointer; color: var(--link); font-weight: 500; padding: .2rem 0; }
        details.group { border: 1px solid var(--line); border-radius: 6px; background: var(--card); padding: .5rem 1rem; }
        details.group > summary { color: var(--ink); font-weight: 400; padding: .3rem 0; }
        details.group > summary h3 { display: inline; font-size: 1rem; }
        .empty { border: 1px dashed var(--muted); border-radius: 6px; padding: 1rem 1.25rem; background: var(--card); }
        .empty p:first-child { margin-top: 0; font-weight: 600; }
        .foot { border-top: 1px solid var(--line); margin-top: 2rem; padding: 1rem 0 2.5rem; color: var(--muted);
          font-size: .875rem; }

        @media (max-width: 30rem) {
          .facts div, .facts.small div { flex-basis: 40%; padding: .7rem; }
          .facts dd { font-size: 1.1875rem; } .facts.small dd { font-size: 1rem; }
          .shares td.wide { width: 40%; }
        }
        @media (min-width: 48rem) {
          .wrap { padding: 0 2rem; }
          .case { padding: 1.5rem 1.75rem 2rem; }
          .points > li { grid-template-columns: minmax(0, 1fr) 19rem; }
          .points > li.single { grid-template-columns: minmax(0, 1fr); }
        }
        @media (min-width: 68rem) {
          .layout { grid-template-columns: 12.5rem minmax(0, 1fr); gap: 3rem; padding-top: 2.25rem; }
          .contents { position: sticky; top: 1.5rem; align-self: start; max-height: calc(100vh - 3rem); overflow: auto; }
          .contents ul { display: block; } .contents li ul { display: block; padding-left: .8rem;
            border-left: 1px solid var(--line); margin: .2rem 0 .4rem; font-size: .875rem; }
        }
        @media (forced-colors: active) {
          .tag { border: 1px solid; } .skip:focus { border: 2px solid; }
        }
        @media print {
          :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --muted: #333; --line: #bbb;
            --soft: #fff; --link: #000; --deep: #fff; --on-deep: #000; --on-deep-muted: #333;
            --accused: #8a3100; --accused-soft: #fff; --suspect: #5e4400; --suspect-soft: #fff; --clear: #00523e;
            --clear-soft: #fff; --open: #444; --open-soft: #fff; --leak: #c9500f; --bar: #2c6e9b; --track: #e4e4e4;
            --k1: #0072b2; --k2: #c9500f; --k3: #00855f; --k4: #a2448a; --k5: #66757f; --node: #000; }
          @page { margin: 16mm 14mm; }
          body { font-size: 9.5pt; }
          svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          .skip, .contents, .alternative { display: none; }
          .wrap { padding: 0; max-width: none; }
          .layout { display: block; padding-top: 0; }
          .top { padding: 0 0 1rem; border-bottom: 2px solid #000; margin-bottom: 1rem; }
          .top .brand { border-bottom-color: #bbb; margin-bottom: 1rem; }
          .top h1 { font-size: 22pt; } .top .lede { font-size: 11.5pt; }
          main > section { margin-bottom: 1.5rem; }
          .case { border: 0; border-top: 3pt solid; padding: .75rem 0 0; }
          .scroll, .scroll.tall { overflow: visible; max-height: none; }
          table { font-size: 8.5pt; } th, td { padding: .2rem .4rem; }
          thead th { position: static; white-space: normal; }
          td .id, th .id { white-space: normal; } .lane, td.long { min-width: 0; }
          h2, h3, h4, h5, caption, summary, .casehead { break-after: avoid; }
          .points > li { grid-template-columns: minmax(0, 1fr) 15rem; padding: .5rem 0; }
          .points > li.single { grid-template-columns: minmax(0, 1fr); }
          tr, figure, .facts, .points > li, .example, .empty { break-inside: avoid; }
          details::details-content { content-visibility: visible; display: block; block-size: auto; opacity: 1; }
          details > summary { list-style: none; color: #000; }
          a { text-decoration: none; }
          p, li { orphans: 3; widows: 3; }
        }
        """
}
