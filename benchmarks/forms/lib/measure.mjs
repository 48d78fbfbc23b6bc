import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { profile } from './browser.mjs';
import { slowly } from './slow.mjs';

const require = createRequire(import.meta.url);
const inpage = readFileSync(new URL('./inpage.js', import.meta.url), 'utf8');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const LIMIT = 240_000;

export const median = (xs) => {
    const s = [...xs].sort((a, b) => a - b);
    return s.length ? (s[(s.length - 1) >> 1] + s[s.length >> 1]) / 2 : null;
};
const p90 = (xs) => (xs.length ? [...xs].sort((a, b) => a - b)[Math.ceil(xs.length * 0.9) - 1] : null);
const round = (x) => (x == null ? null : Math.round(x * 10) / 10);
export const stats = (xs) => ({ n: xs.length, median: round(median(xs)), p90: round(p90(xs)), min: round(Math.min(...xs)), max: round(Math.max(...xs)) });

/** Open a page with the in-page clock in it, the CPU slowed `cpu` times. */
const open = async (context, adapter, probe, { cpu }) => {
    const page = await context.newPage();
    if (adapter.hand) await page.addInitScript(adapter.hand, probe);
    page.setDefaultTimeout(60_000);
    const errors = [];
    page.on('pageerror', (e) => errors.push(String(e).slice(0, 300)));
    page.on('console', (m) => m.type() === 'error' && errors.push(m.text().slice(0, 300)));
    const config = { question: adapter.question, input: adapter.input, ready: adapter.ready, first: probe.first };
    await page.addInitScript(`(${inpage.replace(/^\/\/.*\n/gm, '').trim().replace(/;$/, '')})(${JSON.stringify(config)})`);
    const cdp = await context.newCDPSession(page);
    await cdp.send('Network.enable');
    await cdp.send('Performance.enable');
    const missed = new Set();
    cdp.on('Network.responseReceived', ({ response }) => {
        if (response.url.startsWith('http') && !response.fromDiskCache && !response.fromServiceWorker) missed.add(new URL(response.url).pathname);
    });
    // The page says by itself when it is interactive: asking it takes its processor a tenth of a second.
    await cdp.send('Runtime.enable');
    await cdp.send('Runtime.addBinding', { name: '__interactive' });
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: cpu });
    return { page, cdp, missed, errors };
};

/** `then`: called as soon as the page is interactive. */
const go = async ({ page, cdp }, url, then = () => {}) => {
    const interactive = new Promise((ok, no) => {
        const late = setTimeout(() => no(new Error('never interactive')), LIMIT);
        cdp.on('Runtime.bindingCalled', ({ name }) => { if (name === '__interactive') { clearTimeout(late); ok(); } });
    });
    interactive.catch(() => {});
    await page.goto(url, { waitUntil: 'commit' });
    await interactive;
    then();
    await page.waitForTimeout(500);
    return page.evaluate(() => ({
        interactive: window.__bench.interactive,
        visible: window.__bench.visible,
        focused: window.__bench.focused,
        fcp: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
        blocking: window.__bench.blocking,
    }));
};

/** A profile of its own for one measurement; `kept`: a folder whose copy it begins as. */
export const withProfile = async (work, kept) => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'forms-bench-'));
    if (kept) cpSync(kept, dir, { recursive: true });
    const context = await profile(dir);
    try {
        return await work(context);
    } finally {
        await context.close();
        rmSync(dir, { recursive: true, force: true });
    }
};

/**
 * One load with nothing cached over a slow network, then `warm` loads from the cache without it. Where the engine is installed
 * (`adapter.profile`) the warm loads are of that profile, and the cold one is its `cold`.
 */
export const loads = async (adapter, site, probe, { cpu, warm }) => {
    const first = { ...adapter, ...adapter.cold };
    const target = first.origin ?? site;
    const net = await slowly(target);
    let files = [];
    const load = async (context, one) => {
        const tab = await open(context, one, probe, { cpu });
        const seen = await go(tab, one.url(one === first ? net.url : site, probe.form), () => net.slow && (files = structuredClone(net.taken)));
        await tab.page.close();
        return { ...seen, missed: [...tab.missed] };
    };
    const coldly = async (context) => {
        await first.before?.(context, net.url, probe);
        net.slow = true;
        try {
            return await load(context, first);
        } finally {
            net.slow = false;
        }
    };
    const warmly = async (context, one) => {
        const again = [];
        for (let i = 0; i < warm; i++) again.push(await load(context, one));
        return again;
    };
    try {
        if (!adapter.profile) return await withProfile(async (context) => ({ cold: await coldly(context), warm: await warmly(context, first), files }));
        const cold = await withProfile(coldly);
        return { cold, warm: await withProfile((context) => warmly(context, adapter), adapter.profile), files };
    } finally {
        net.close();
    }
};

const settle = (page) => page.evaluate(async () => {
    await window.__bench.afterPaint();
    await new Promise((ok) => setTimeout(ok, 30));
    await window.__bench.afterPaint();
});
const field = (page, adapter, marker) => page.locator(adapter.question).filter({ hasText: marker }).last();
const result = (page) => page.evaluate((limit) => Promise.race([
    window.__bench.pending,
    new Promise((_, no) => setTimeout(() => no(new Error('no effect seen')), limit)),
]), 90_000);
const focusEnd = async (page, adapter, marker) => {
    const input = field(page, adapter, marker).locator(adapter.input ?? 'input, textarea').first();
    await input.focus();
    await page.keyboard.press('End');
    return input;
};

const rowStats = (got) => ({ dom: stats(got.map((r) => r.dom)), paint: stats(got.map((r) => r.paint)), first5: round(median(got.slice(0, 5).map((r) => r.paint))), last5: round(median(got.slice(-5).map((r) => r.paint))) });

/** What the form does under the hand: each probe `samples` times. */
export const interact = (adapter, site, probe, { cpu, samples, languages, shots }) => withProfile(async (context) => {
    const tab = await open(context, adapter, probe, { cpu });
    const { page, cdp } = tab;
    await go(tab, adapter.url(site, probe.form));
    const out = {};

    await cdp.send('HeapProfiler.collectGarbage');
    const { metrics } = await cdp.send('Performance.getMetrics');
    out.heapMB = round(metrics.find((m) => m.name === 'JSHeapUsedSize').value / 2 ** 20);
    out.elements = await page.evaluate(() => document.querySelectorAll('*').length);
    out.nodes = (await cdp.send('Memory.getDOMCounters')).nodes;
    out.direction = await page.evaluate((m) => {
        const q = window.__bench.question(m);
        const rect = (el) => el.getBoundingClientRect();
        const input = window.__bench.inputs(q);
        const walker = document.createTreeWalker(q, NodeFilter.SHOW_TEXT);
        let node;
        while ((node = walker.nextNode())) if (node.data.includes(m) && window.__bench.shown(node.parentElement)) break;
        const range = document.createRange();
        range.selectNodeContents(node);
        return {
            label: getComputedStyle(node.parentElement).direction, input: getComputedStyle(input).direction,
            html: document.documentElement.dir || null, lang: q.closest('[lang]')?.lang ?? null,
            labelFromRight: Math.round(innerWidth - rect(range).right), labelFromLeft: Math.round(rect(range).left),
            font: getComputedStyle(node.parentElement).fontFamily.slice(0, 60),
            overflowX: document.documentElement.scrollWidth - innerWidth,
        };
    }, probe.first);
    if (shots) {
        await page.screenshot({ path: `${shots}-ar.png` });
        const target = field(page, adapter, probe.number?.field ?? probe.first);
        await target.scrollIntoViewIfNeeded();
    }

    if (probe.number) {
        const { field: f, note, show, setup, steps } = probe.number;
        const got = { show: [], hide: [] };
        const commit = () => adapter.commit && page.keyboard.press(adapter.commit);
        await (await focusEnd(page, adapter, f)).click();
        await page.keyboard.type(setup);
        await commit();
        await settle(page);
        for (let i = -2; i < samples; i++) {
            const step = steps[(i + 2) % 2];
            await focusEnd(page, adapter, f);
            await settle(page);
            const arm = () => page.evaluate((s) => window.__bench.armEffect(s), { note, show, text: step.text, shown: step.shown });
            if (!adapter.commit) await arm();
            await page.keyboard.press(step.key);
            if (adapter.commit) { await settle(page); await arm(); await commit(); }
            const r = await result(page);
            if (i >= 0) got[step.shown ? 'show' : 'hide'].push(r);
            await settle(page);
        }
        const both = [...got.show, ...got.hide];
        out.number = { dom: stats(both.map((r) => r.dom)), paint: stats(both.map((r) => r.paint)) };
        if (shots) await page.screenshot({ path: `${shots}-ar-number.png` });
    }

    if (probe.select) {
        const { field: f, note, show, steps } = probe.select;
        const got = [];
        for (let i = -2; i < samples; i++) {
            const step = steps[(i + 2) % 2];
            await page.evaluate((s) => window.__bench.armEffect(s), { note, show, text: step.text, shown: step.shown });
            await field(page, adapter, f).locator(adapter.option).nth(step.option).click();
            const r = await result(page);
            if (i >= 0) got.push(r);
            await settle(page);
        }
        out.select = { dom: stats(got.map((r) => r.dom)), paint: stats(got.map((r) => r.paint)) };
        if (shots) await page.screenshot({ path: `${shots}-ar-select.png` });
    }

    if (probe.cascade) {
        const { fields, regions } = probe.cascade;
        const lang = 'ar';
        const pick = async (marker, text, next, expect) => {
            if (!adapter.picker) {
                await page.evaluate(([m, t]) => window.__bench.armText(m, t), [next, expect]);
                await field(page, adapter, marker).locator(adapter.option).filter({ hasText: text }).first().click();
                return result(page);
            }
            // Long lists open on a tap: the effect is the list of the next question, filtered, from the tap that opens it.
            if (await field(page, adapter, marker).locator(adapter.option).count())
                await field(page, adapter, marker).locator(adapter.option).filter({ hasText: text }).first().click();
            else
                await page.locator(adapter.picker.choice).filter({ hasText: text }).first().click();
            await settle(page);
            await page.evaluate(([c, t]) => window.__bench.armList(c, t), [adapter.picker.choice, expect]);
            await field(page, adapter, next).locator(adapter.picker.open).click();
            return result(page);
        };
        const provinces = [], communes = [];
        for (let i = -1; i < samples; i++) {
            const n = ((i + 1) % regions) + 1;
            const province = probe.cascade.province[lang].replace('{n}', n);
            const commune = probe.cascade.commune[lang].replace('{n}', n);
            const region = probe.cascade.region[lang].replace('{n}', n);
            const a = await pick(fields[0], new RegExp(`(^|\\s)${region}(\\D|$)`), fields[1], province);
            await settle(page);
            const b = await pick(fields[1], new RegExp(`(^|\\s)${province}(\\D|$)`), fields[2], commune);
            await settle(page);
            if (adapter.picker) await page.locator(adapter.picker.choice).filter({ hasText: new RegExp(`(^|\\s)${commune}(\\D|$)`) }).first().click();
            if (i >= 0) { provinces.push(a); communes.push(b); }
        }
        out.province = { dom: stats(provinces.map((r) => r.dom)), paint: stats(provinces.map((r) => r.paint)) };
        out.commune = { dom: stats(communes.map((r) => r.dom)), paint: stats(communes.map((r) => r.paint)) };
        if (shots) await page.screenshot({ path: `${shots}-ar-cascade.png`, fullPage: true });
    }

    // In an engine with a page a row, a count elsewhere in the form shows no row.
    if (probe.repeat && adapter.rows && probe.repeat.add === 'button') {
        const got = [];
        await adapter.rows.open(page);
        await settle(page);
        for (let i = 2; i < samples + 2; i++) {
            await page.evaluate(([title, text, marker]) => window.__bench.armRow(title, text, marker), [adapter.rows.title, adapter.rows.text(i), probe.repeat.count]);
            await page.locator(adapter.rows.add).click();
            got.push(await result(page));
            await settle(page);
        }
        out.repeat = rowStats(got);
    }
    if (probe.repeat && !adapter.rows) {
        const got = [];
        const count = () => page.evaluate((m) => window.__bench.all(m).filter(window.__bench.shown).length, probe.repeat.count);
        let have = await count();
        out.repeatStart = have;
        if (probe.repeat.add === 'button' && have === 0) { // some engines start with none
            await page.evaluate(([m, c]) => window.__bench.armCount(m, c), [probe.repeat.count, 1]);
            await page.locator(adapter.addRepeat).first().click();
            await result(page);
            have = 1;
        }
        if (probe.repeat.add === 'count') await (await focusEnd(page, adapter, probe.repeat.field)).click();
        for (let i = 0; i < samples; i++) {
            if (probe.repeat.add === 'button') {
                await page.evaluate(([m, c]) => window.__bench.armCount(m, c), [probe.repeat.count, have + 1]);
                await page.locator(adapter.addRepeat).first().click();
            } else {
                // Replace the count by one more; the last key (or the commit) makes it.
                const text = String(have + 1);
                await focusEnd(page, adapter, probe.repeat.field);
                if (adapter.commit) {
                    await page.keyboard.press('ControlOrMeta+a');
                    await page.keyboard.type(text);
                    await page.evaluate(([m, c]) => window.__bench.armCount(m, c), [probe.repeat.count, have + 1]);
                    await page.keyboard.press(adapter.commit);
                } else if (adapter.spinUp) {
                    await page.evaluate(([m, c]) => window.__bench.armCount(m, c), [probe.repeat.count, have + 1]);
                    await page.keyboard.press(adapter.spinUp);
                } else {
                    throw new Error('adapter needs commit or spinUp for a counted repeat');
                }
            }
            got.push(await result(page));
            have += 1;
            await settle(page);
        }
        out.repeat = rowStats(got);
    }

    if (out.repeat && adapter.rows) await adapter.rows.close(page);
    const got = { fr: [], ar: [] };
    for (let i = 0; i < languages; i++) {
        const lang = i % 2 ? 'ar' : 'fr';
        await page.evaluate(([m, t]) => window.__bench.armText(m, t), [probe.language.marker, probe.language[lang]]);
        await adapter.language(page, { code: lang, name: probe.languages[lang] });
        got[lang].push(await result(page));
        await settle(page);
        if (shots && i === languages - 2) {
            await page.evaluate(() => scrollTo(0, 0));
            await page.screenshot({ path: `${shots}-fr.png` });
        }
    }
    const both = [...got.fr, ...got.ar];
    out.language = { dom: stats(both.map((r) => r.dom)), paint: stats(both.map((r) => r.paint)) };
    out.errors = tab.errors;
    return out;
}, adapter.profile);

/** axe-core over the form as loaded (default rules, WCAG A/AA and best practice). */
export const a11y = (adapter, site, probe) => withProfile(async (context) => {
    const tab = await open(context, adapter, probe, { cpu: 1 });
    await go(tab, adapter.url(site, probe.form));
    await tab.page.evaluate(axe);
    const { violations } = await tab.page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    return violations.map((v) => ({ id: v.id, impact: v.impact, nodes: v.nodes.length, tags: v.tags.filter((t) => /^(wcag\d|best)/.test(t)), example: v.nodes[0].html.slice(0, 200) }));
}, adapter.profile);
