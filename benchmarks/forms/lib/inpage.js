// Runs in the page before its own scripts. Clocks are performance.now(), input times are
// the browser's own event.timeStamp, so neither the driver nor its protocol is in a figure.
(config) => {
    const shown = (el) => !!el && el.isConnected && el.getClientRects().length > 0 && getComputedStyle(el).visibility !== 'hidden';
    const all = (marker) => [...document.querySelectorAll(config.question)]
        .filter((el) => el.textContent.includes(marker) && ![...el.querySelectorAll(config.question)].some((c) => c.textContent.includes(marker)));
    const question = (marker) => all(marker).find(shown) ?? null;
    const inputs = (el) => el && [...el.querySelectorAll(config.input ?? 'input, textarea, select')].find((i) => shown(i) && !i.disabled);
    const afterPaint = () => new Promise((ok) => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => ok(performance.now());
        channel.port2.postMessage(0);
    }));

    const bench = (window.__bench = { shown, all, question, inputs, afterPaint, t0: 0, longTasks: 0, blocking: 0 });
    for (const type of ['keydown', 'click', 'change'])
        addEventListener(type, (e) => {
            if (type !== 'change' || bench.useChange) bench.t0 = e.isTrusted ? e.timeStamp : performance.now();
        }, { capture: true });
    new PerformanceObserver((list) => {
        for (const e of list.getEntries()) {
            bench.longTasks += 1;
            bench.blocking += Math.max(0, e.duration - 50);
        }
    }).observe({ type: 'longtask', buffered: true });

    // Interactive: the first question is seen, its input takes focus, the engine says it is
    // ready (if it can say), and one more frame has gone out.
    const watch = () => {
        if (!document.documentElement) return requestAnimationFrame(watch);
        const input = inputs(question(config.first));
        if (input && bench.visible === undefined) bench.visible = performance.now();
        if (!input || (config.ready && !document.querySelector(config.ready))) return requestAnimationFrame(watch);
        afterPaint().then((t) => {
            input.focus({ preventScroll: true });
            bench.focused = document.activeElement === input;
            input.blur();
            bench.interactive = t;
            window.__interactive?.('');
        });
    };
    requestAnimationFrame(watch);

    // Waits until `check` holds. The clock is read first, so a slow check is not in the figure.
    bench.arm = (check) => {
        bench.pending = new Promise((ok) => {
            let done = false;
            const look = () => {
                if (done) return;
                const t = performance.now();
                if (!check()) return;
                done = true;
                observer.disconnect();
                const t0 = bench.t0;
                afterPaint().then((paint) => ok({ dom: t - t0, paint: paint - t0 }));
            };
            const observer = new MutationObserver(look);
            observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
            // Some effects are a property (checked, value), not a mutation.
            const poll = () => { if (!done) { look(); setTimeout(poll, 100); } };
            setTimeout(poll, 100);
        });
    };
    bench.armEffect = ({ note, text, show, shown: want }) => {
        const noteEl = question(note);
        const showEl = all(show).find((el) => el.isConnected);
        bench.arm(() => noteEl.textContent.includes(text) && (!!question(show)) === want);
    };
    bench.armCount = (marker, count) => bench.arm(() => all(marker).filter(shown).length === count);
    bench.armRow = (title, text, marker) => bench.arm(() => document.querySelector(title)?.textContent === text && !!question(marker));
    bench.armList = (choice, text) => bench.arm(() => [...document.querySelectorAll(choice)].some((el) => shown(el) && el.innerText.includes(text)));
    bench.armText = (marker, text) => bench.arm(() => !!question(marker)?.innerText.includes(text));
};
