// Fills forms in @getodk/xforms-engine and says after every step what stands at every node. compare.py writes the request to
// standard input: {"now": ms, "forms": [{"xform": "…", "lists": {"communes": "csv"}, "steps": [["set", path, value], …]}]};
// the answer is one list of pictures a form, each {path: {relevant, value, …}}.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { JSDOM } from 'jsdom';

const request = JSON.parse(readFileSync(0, 'utf8'));

const RealDate = Date;
globalThis.Date = class extends RealDate {
    constructor(...parts) {
        super(...(parts.length ? parts : [request.now]));
    }
    static now() {
        return request.now;
    }
};

const { window } = new JSDOM('<!doctype html>', { url: 'http://localhost/' });
for (const name of Object.getOwnPropertyNames(window)) if (!(name in globalThis)) globalThis[name] = window[name];
globalThis.window = window;
globalThis.document = window.document;

// Its parser's loader takes Node for a CommonJS of old.
globalThis.require = createRequire(import.meta.url);
globalThis.__dirname = import.meta.dirname;

const { loadForm } = await import('@getodk/xforms-engine');

/** The name a node is addressed by: repeats numbered from 1. */
const nameOf = (node) => node.definition.qualifiedName?.localName ?? node.definition.localName;

/** Every node below one, by path. */
function walk(node, above, found) {
    for (const child of node.currentState.children ?? []) {
        if (child.nodeType.startsWith('repeat-range')) {
            child.currentState.children.forEach((row, i) => {
                const path = `${above}${nameOf(child)}[${i + 1}]`;
                found.set(path, row);
                walk(row, `${path}/`, found);
            });
            found.set(`${above}${nameOf(child)}`, child);
        } else {
            const path = `${above}${nameOf(child)}`;
            found.set(path, child);
            walk(child, `${path}/`, found);
        }
    }
    return found;
}

function picture(root) {
    const found = {};
    for (const [path, node] of walk(root, '', new Map())) {
        if (path === 'meta' || path.startsWith('meta/') || node.nodeType.startsWith('repeat-range')) continue;
        const state = node.currentState;
        const one = { relevant: state.relevant };
        if (state.relevant && node.nodeType !== 'group' && node.nodeType !== 'repeat-instance') {
            one.value = node.instanceState.instanceXML.replace(/^<[^>]*?\/>$/, '').replace(/^<[^>]*>|<\/[^>]*>$/g, '')
                .replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
            if (node.nodeType !== 'model-value') {
                one.required = state.required;
                if (node.nodeType !== 'note') one.readonly = state.readonly;
                one.label = state.label?.asString ?? '';
                one.hint = state.hint?.asString ?? '';
                one.fault = node.validationState?.violation?.condition ?? null;
                const options = state.valueOptions;
                if (Array.isArray(options)) one.choices = options.map((option) => [option.value, option.label?.asString ?? '']);
            }
        }
        found[path] = one;
    }
    return found;
}

function act(root, [what, path, value]) {
    const nodes = walk(root, '', new Map());
    const node = nodes.get(path.replace(/\[\d+\]$/, (number) => (what === 'remove' ? '' : number)));
    if (what === 'language') {
        root.setLanguage(root.languages.find((one) => one.language?.includes(`(${path})`)));
        return;
    }
    if (!node) throw new Error(`nothing at ${path}`);
    if (what === 'rows') {
        const count = node.currentState.children.length;
        if (count < value) node.addInstances(count - 1, value - count);
        else if (count > value) node.removeInstances(Number(value), count - value);
    } else if (what === 'add') node.addInstances();
    else if (what === 'remove') node.removeInstances(Number(/\[(\d+)\]$/.exec(path)[1]) - 1);
    else if (node.nodeType === 'select') node.selectValues(value === '' ? [] : value.split(' '));
    else if (node.nodeType === 'rank') node.setValues(value.split(' '));
    else if (node.nodeType === 'input' && ['geopoint', 'geotrace', 'geoshape'].includes(node.valueType)) node.setValue(value === '' ? null : value);
    else if (node.nodeType === 'trigger') node.setValue(value === 'OK');
    else node.setValue(value);
}

const pictures = [];
for (const { xform, lists, steps } of request.forms) {
    const found = [];
    try {
        const loaded = await loadForm(xform, {
            fetchFormAttachment: async (url) => {
                const name = String(url).split('/').pop();
                return new Response(lists[name.replace(/\.csv$/, '')] ?? '', { headers: { 'content-type': 'text/csv' } });
            },
        });
        if (loaded.status === 'failure') throw loaded.error;
        const { root } = loaded.createInstance({ preloadProperties: { deviceID: 'phone-1', username: 'amina', email: '', phoneNumber: '' } });
        found.push(picture(root));
        for (const step of steps) {
            try {
                act(root, step);
                found.push(picture(root));
            } catch (error) {
                found.push({ error: String(error?.stack ?? error) });
            }
        }
    } catch (error) {
        found.push({ error: String(error?.message ?? error) });
    }
    pictures.push(found);
}
process.stdout.write(JSON.stringify(pictures), () => process.exit(0));
