// node run.mjs [--engines a,b] [--forms x,y] [--cpu 4,1] [--cold 3] [--warm 5]
//              [--samples 24] [--site DIR] [--out DIR] [--skip loads,interact,a11y] [--lock FILE]
// --lock: hold this file with flock(1) during each measurement, where others measure too.
// Prints a table; writes OUT/results.json (merged into what it already holds) and screenshots.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { a11y, interact, loads, stats } from './lib/measure.mjs';
import { serve } from './lib/server.mjs';

const here = import.meta.dirname;
const { values: opt } = parseArgs({
    options: {
        engines: { type: 'string', default: 'enketo,enketo-client,webforms' },
        forms: { type: 'string', default: 'diag60,big300,stress1000,cascade' },
        cpu: { type: 'string', default: '4,1' },
        cold: { type: 'string', default: '3' },
        warm: { type: 'string', default: '5' },
        samples: { type: 'string', default: '24' },
        site: { type: 'string', default: path.join(here, 'site') },
        out: { type: 'string', default: path.join(here, 'results') },
        skip: { type: 'string', default: '' },
        lock: { type: 'string' },
    },
});
mkdirSync(opt.out, { recursive: true });
const file = path.join(opt.out, 'results.json');
const results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
const skip = opt.skip.split(',');
const server = await serve(opt.site);

const KINDS = { js: /\.m?js$/, css: /\.css$/, font: /\.woff2?$/, wasm: /\.wasm$/, form: /\/forms\//, html: /(\/|\.html)$/ };
const traffic = (files) => {
    const sum = { requests: files.length, wire: 0, raw: 0 };
    for (const f of files) {
        const kind = Object.keys(KINDS).find((k) => k !== 'form' && KINDS[k].test(f.url)) ?? (KINDS.form.test(f.url) ? 'form' : 'other');
        const slot = (sum[kind] ??= { wire: 0, raw: 0 });
        for (const k of ['wire', 'raw']) { slot[k] += f[k]; sum[k] += f[k]; }
    }
    return sum;
};
const locked = async () => {
    if (!opt.lock) return () => {};
    const holder = spawn('flock', [opt.lock, 'sh', '-c', 'echo; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    return () => holder.stdin.end();
};
const attempt = async (label, work) => {
    const unlock = await locked();
    const t = Date.now();
    try {
        return await work();
    } catch (e) {
        return { failed: String(e).split('\n')[0].slice(0, 300) };
    } finally {
        unlock();
        console.error(`${label}: ${((Date.now() - t) / 1000).toFixed(0)} s`);
    }
};

for (const engine of opt.engines.split(',')) {
    const adapter = (await import(`./adapters/${engine}.mjs`)).default;
    for (const form of opt.forms.split(',')) {
        const probe = JSON.parse(readFileSync(path.join(opt.site, 'forms', `${form}.probe.json`), 'utf8'));
        const slot = ((results[engine] ??= {})[form] ??= {});
        for (const cpu of opt.cpu.split(',').map(Number)) {
            const at = (slot[`cpu${cpu}`] ??= {});
            if (!skip.includes('loads')) {
                const runs = [];
                for (let i = 0; i < Number(cpu > 1 ? opt.cold : 1); i++)
                    runs.push(await attempt(`${engine} ${form} load ${cpu}x`, () => loads(adapter, server.url, probe, { cpu, warm: i === 0 ? Number(opt.warm) : 0 })));
                const ok = runs.filter((r) => !r.failed);
                if (!ok.length) at.loads = runs[0];
                else {
                    const warm = ok.flatMap((r) => r.warm);
                    if (ok[0].files.length) Object.assign(slot, { traffic: traffic(ok[0].files), files: ok[0].files });
                    at.loads = {
                        cold: ok[0].cold && Object.fromEntries(['interactive', 'visible', 'fcp', 'blocking'].map((k) => [k, stats(ok.map((r) => r.cold[k]))])),
                        warm: Object.fromEntries(['interactive', 'visible', 'fcp', 'blocking'].map((k) => [k, stats(warm.map((r) => r[k]))])),
                        focused: warm.every((r) => r.focused),
                        uncached: warm.flatMap((r) => r.uncached ?? []),
                    };
                }
            }
            if (!skip.includes('interact'))
                at.interact = await attempt(`${engine} ${form} interact ${cpu}x`, () => interact(adapter, server.url, probe, {
                    cpu, samples: probe.rows ?? Number(opt.samples), shots: cpu === 1 || opt.cpu === String(cpu) ? path.join(opt.out, `${engine}-${form}`) : null,
                }));
            writeFileSync(file, JSON.stringify(results, null, 1));
        }
        if (!skip.includes('a11y')) slot.a11y = await attempt(`${engine} ${form} axe`, () => a11y(adapter, server.url, probe));
        writeFileSync(file, JSON.stringify(results, null, 1));
    }
}
server.close();

const s = (ms) => (ms == null ? '-' : (ms / 1000).toFixed(1));
const ms = (x) => (x == null ? '-' : Math.round(x));
const kb = (x) => (x == null ? '-' : Math.round(x / 1024));
const head = ['engine', 'form', 'cpu', 'req', 'KiB wire', 'KiB raw', 'cold s', 'warm s', 'TBT s', 'number ms', 'select ms', 'repeat ms', 'lang ms', 'heap MB', 'elements', 'axe'];
const table = [head, head.map(() => '---')];
for (const [engine, forms] of Object.entries(results))
    for (const [form, slot] of Object.entries(forms))
        for (const cpu of Object.keys(slot).filter((k) => k.startsWith('cpu'))) {
            const { loads: l = {}, interact: i = {} } = slot[cpu];
            table.push([engine, form, cpu.slice(3), slot.traffic?.requests, kb(slot.traffic?.wire), kb(slot.traffic?.raw),
                l.failed ? 'failed' : s(l.cold?.interactive.median), s(l.warm?.interactive.median), s(l.warm?.blocking.median),
                i.failed ? 'failed' : ms(i.number?.paint.median ?? i.province?.paint.median), ms(i.select?.paint.median ?? i.commune?.paint.median), ms(i.repeat?.paint.median), ms(i.language?.paint.median),
                i.heapMB, i.elements, Array.isArray(slot.a11y) ? slot.a11y.reduce((n, v) => n + v.nodes, 0) : '-']);
        }
console.log(table.map((r) => `| ${r.map((c) => c ?? '-').join(' | ')} |`).join('\n'));
