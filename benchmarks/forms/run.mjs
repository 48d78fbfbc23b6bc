// node run.mjs --site DIR [--engines a,b] [--forms x,y] [--cpu 4,1] [--cold 1] [--warm 3] [--samples 12] [--languages 6]
//              [--axe] [--shots] [--out DIR] [--skip loads,interact] [--lock FILE]
// --lock: hold this file with flock(1) during each measurement, where others measure too.
// Writes OUT/results.json (into what it already holds) and, with --shots, screenshots.
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
        engines: { type: 'string', default: 'daftar,trial,enketo,webforms' },
        forms: { type: 'string', default: 'diag60,big300,stress1000,cascade,rows60' },
        cpu: { type: 'string', default: '4' },
        cold: { type: 'string', default: '1' },
        warm: { type: 'string', default: '3' },
        samples: { type: 'string', default: '12' },
        languages: { type: 'string', default: '6' },
        axe: { type: 'boolean', default: false },
        shots: { type: 'boolean', default: false },
        site: { type: 'string' },
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
        const failed = String(e).split('\n')[0].slice(0, 300);
        console.error(`${label}: ${failed}`);
        return { failed };
    } finally {
        unlock();
        console.error(`${label}: ${((Date.now() - t) / 1000).toFixed(0)} s`);
    }
};
const each = (runs) => Object.fromEntries(['interactive', 'visible', 'fcp', 'blocking'].map((k) => [k, stats(runs.map((r) => r[k]))]));

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
                    runs.push(await attempt(`${engine} ${form} load ${cpu}x`, () => loads(adapter, server.url, probe, { cpu, warm: i || adapter.loadsOnly ? 0 : Number(opt.warm) })));
                const ok = runs.filter((r) => !r.failed);
                if (!ok.length) at.loads = runs[0];
                else {
                    const warm = ok.flatMap((r) => r.warm);
                    slot.files = ok[0].files;
                    at.loads = { cold: each(ok.map((r) => r.cold)), warm: warm.length ? each(warm) : null, focused: warm.every((r) => r.focused), uncached: warm.flatMap((r) => r.missed) };
                }
            }
            if (!skip.includes('interact') && !adapter.loadsOnly)
                at.interact = await attempt(`${engine} ${form} interact ${cpu}x`, () => interact(adapter, server.url, probe, {
                    cpu, samples: probe.rows ?? Number(opt.samples), languages: Number(opt.languages), shots: opt.shots ? path.join(opt.out, `${engine}-${form}`) : null,
                }));
            writeFileSync(file, JSON.stringify(results, null, 1));
        }
        if (opt.axe && !adapter.loadsOnly) slot.a11y = await attempt(`${engine} ${form} axe`, () => a11y(adapter, server.url, probe));
        writeFileSync(file, JSON.stringify(results, null, 1));
    }
}
server.close();
