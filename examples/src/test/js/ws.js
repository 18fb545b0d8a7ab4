// What the client of npm's "ws" does with a server of Parley: node ws.js SCENARIO URL. Exit status 0 says that all was as it should be.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import WebSocket from 'ws';

const MEBIBYTE = 1024 * 1024;
const [scenario, url] = process.argv.slice(2);
const options = { maxPayload: 16 * MEBIBYTE, rejectUnauthorized: false };

/** What was sent, before the first who waits for it. */
class Heard {
  #messages = [];
  #waiting = [];

  constructor(socket) {
    this.socket = socket;
    this.closed = once(socket, 'close').then(([code, reason]) => [code, reason.toString()]);
    socket.on('message', (data, isBinary) => {
      const message = isBinary ? data : data.toString();
      this.#waiting.length > 0 ? this.#waiting.shift()(message) : this.#messages.push(message);
    });
  }

  next() {
    return this.#messages.length > 0
      ? Promise.resolve(this.#messages.shift())
      : new Promise((resolve) => this.#waiting.push(resolve));
  }
}

async function open(more = {}, subprotocols = []) {
  const socket = new WebSocket(url, subprotocols, { ...options, ...more });
  const heard = new Heard(socket);
  await once(socket, 'open');
  return { socket, heard };
}

async function closed(socket, heard) {
  socket.close(1000, 'done');
  assert.deepEqual(await heard.closed, [1000, 'done']);
}

const deflated = (offer = {}) => ({ perMessageDeflate: { threshold: 0, ...offer } });

/** Short lengths and some that are longer, of what is much alike, and of what is not. */
function* messages() {
  for (let length = 0; length <= 300; length += length < 20 ? 1 : 7) {
    yield 'Sommergewitter '.repeat(21).slice(0, length);
  }
  for (const length of [1000, 32767, 32768, 65535, 65536, 100_000]) {
    yield JSON.stringify({ text: 'Grüße 🐎 '.repeat(length / 11), number: length });
    yield randomBytes(length);
    yield Buffer.alloc(length, 'abcdefgh');
  }
}

async function echoes(socket, heard) {
  const sent = [...messages()];
  sent.forEach((message) => socket.send(message));
  for (const message of sent) {
    assert.deepEqual(await heard.next(), message);
  }
}

const scenarios = {
  async echo() {
    const { socket, heard } = await open({ perMessageDeflate: false });
    assert.equal(socket.extensions, '');
    await echoes(socket, heard);
    await closed(socket, heard);
  },

  async deflate() {
    const offers = [
      {},
      { serverMaxWindowBits: 9 },
      { serverMaxWindowBits: 15 },
      { clientMaxWindowBits: true },
      { clientMaxWindowBits: 9 },
      { serverNoContextTakeover: true },
      { clientNoContextTakeover: true },
      { serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 9, clientMaxWindowBits: 10 },
    ];
    for (const offer of offers) {
      const { socket, heard } = await open(deflated(offer));
      assert.ok(socket.extensions.startsWith('permessage-deflate'), socket.extensions);
      if (offer.serverMaxWindowBits === 9) {
        assert.match(socket._extensions['permessage-deflate'].params.server_max_window_bits + '', /^9$/);
      }
      await echoes(socket, heard);
      await closed(socket, heard);
    }
  },

  async fragments() {
    for (const perMessageDeflate of [false, { threshold: 0 }]) {
      const { socket, heard } = await open({ perMessageDeflate });
      const pong = once(socket, 'pong');
      socket.send('one '.repeat(1000), { fin: false });
      socket.ping('between');
      socket.send('', { fin: false });
      socket.send('message', { fin: true });
      assert.equal((await pong)[0].toString(), 'between');
      assert.equal(await heard.next(), 'one '.repeat(1000) + 'message');
      await closed(socket, heard);
    }
  },

  async big() {
    for (const perMessageDeflate of [false, true]) {
      const { socket, heard } = await open({ perMessageDeflate });
      const bytes = randomBytes(MEBIBYTE);
      const text = '0123456789abcdef'.repeat(MEBIBYTE / 16);
      socket.send(bytes);
      socket.send(text);
      assert.deepEqual(await heard.next(), bytes);
      assert.ok((await heard.next()) === text);
      await closed(socket, heard);
    }
  },

  async tooBig() {
    const { socket, heard } = await open(deflated());
    socket.send(Buffer.alloc(8 * MEBIBYTE));
    assert.equal((await heard.closed)[0], 1009);
  },

  async closeCodes() {
    for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]) {
      const { socket, heard } = await open();
      socket.close(code, 'é'.repeat(61));
      assert.deepEqual(await heard.closed, [code, 'é'.repeat(61)]);
    }
    const { socket, heard } = await open();
    socket.close();
    assert.deepEqual(await heard.closed, [1005, '']);
  },

  async subprotocol() {
    const { socket, heard } = await open({}, ['chat.v3', 'chat.v1']);
    assert.equal(socket.protocol, 'chat.v1');
    await closed(socket, heard);
  },

  /** Says what it hears until the server closes; killed from outside in one of the tests. */
  async listen() {
    const { socket, heard } = await open();
    socket.on('message', (data) => console.log(data.toString()));
    const [code, reason] = await heard.closed;
    console.log(`closed ${code} ${reason}`);
  },

  /** Does not read until it is told to, by a line. */
  async deaf() {
    const { socket, heard } = await open({ perMessageDeflate: false });
    socket.pause();
    console.log('deaf');
    await once(process.stdin, 'data');
    process.stdin.pause();
    socket.resume();
    const [code, reason] = await heard.closed;
    console.log(`closed ${code} ${reason}`);
  },
};

await scenarios[scenario]();
