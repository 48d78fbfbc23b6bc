// A network in front of a server, as Chrome's "Slow 3G" models one: each answer begins 2 s after its request went out, and all
// answers share 50 kB/s. Unlike a network emulated in a page, a service worker's requests are slowed and counted too.
import { Agent, createServer, request } from 'node:http';

const LATENCY = 2000;
const BYTES_PER_MS = 50;
const PACKET = 1460;

const wait = (ms) => new Promise((ok) => setTimeout(ok, Math.max(0, ms)));

/** `{url, slow: boolean, taken: [{url, wire}], close()}`; `taken`: what has passed while it was slow, bytes with their headers. */
export const slowly = async (target) => {
    const agent = new Agent({ keepAlive: true });
    const net = { slow: false, taken: [] };
    // When the line is free again. While answers wait for it, time that this process loses is not lost to the line.
    let free = 0;
    let waiting = 0;
    const pass = (bytes) => {
        free = (waiting ? free : Math.max(free, performance.now())) + bytes / BYTES_PER_MS;
        return wait(free - performance.now());
    };
    const server = createServer((req, res) => {
        const { slow } = net;
        const since = performance.now();
        const onward = request(new URL(req.url, target), { method: req.method, headers: req.headers, agent }, async (answer) => {
            const chunks = [];
            for await (const chunk of answer) chunks.push(chunk);
            const body = Buffer.concat(chunks);
            const headers = answer.rawHeaders.reduce((sum, text) => sum + text.length + 2, 17);
            const file = { url: new URL(req.url, target).pathname, wire: headers };
            if (slow) {
                await wait(since + LATENCY - performance.now());
                await pass(headers);
                net.taken.push(file);
                waiting += 1;
            }
            res.writeHead(answer.statusCode, answer.headers);
            res.flushHeaders();
            if (!slow) return res.end(body);
            for (let at = 0; at < body.length; at += PACKET) {
                const packet = body.subarray(at, at + PACKET);
                await pass(packet.length);
                file.wire += packet.length;
                res.write(packet);
            }
            waiting -= 1;
            res.end();
        });
        onward.on('error', () => res.destroy());
        req.pipe(onward);
    });
    await new Promise((ok) => server.listen(0, '127.0.0.1', ok));
    return Object.assign(net, {
        url: `http://127.0.0.1:${server.address().port}`,
        close: () => { server.closeAllConnections(); server.close(); agent.destroy(); },
    });
};
