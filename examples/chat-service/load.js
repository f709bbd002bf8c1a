// The load of locustfile.py for k6. Users and duration come from the command line:
//
//     k6 run --vus 10 --duration 20s load.js
//     k6 run --vus 10 --duration 20s --env TARGET=http://127.0.0.1:8731 load.js
//
// Every request has a fixed name, which is what perfgate knows it by.
import { check, sleep } from 'k6';
import http from 'k6/http';
import { Trend } from 'k6/metrics';
import ws from 'k6/ws';

const TARGET = __ENV.TARGET || 'http://127.0.0.1:8731';
const ECHO = `${TARGET.replace(/^http/, 'ws')}/ws/echo`;
const TEXT = 'Hello, echo!';
const PAUSE = 0.04; // seconds between two requests of a user

// Round trips in whole milliseconds. k6's own ws_ping is finer, and is measured beside them.
const echoTime = new Trend('ws_echo', true);

export const options = {
  summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(98)', 'p(99)', 'p(99.9)', 'count'],
};

// One iteration has the mix of the weights in locustfile.py: 2 health, 3 items, 4 chat, 3 echoes.
export default function () {
  for (let i = 0; i < 4; i += 1) {
    if (i < 2) {
      get('/health');
    }
    if (i < 3) {
      get('/api/items');
    }
    chat();
  }
  echoes(3);
  sleep(PAUSE);
}

function get(path) {
  http.get(`${TARGET}${path}`, { tags: { name: path } });
  sleep(PAUSE);
}

function chat() {
  http.post(`${TARGET}/api/chat`, JSON.stringify({ message: 'Is it faster today?' }), {
    headers: { 'Content-Type': 'application/json' },
    tags: { name: '/api/chat' },
  });
  sleep(PAUSE);
}

// Round trips over one connection. ws.connect comes back when it is closed.
function echoes(times) {
  const tags = { name: '/ws/echo' };
  let left = times;
  let sent = 0;
  const answer = ws.connect(ECHO, { tags }, (socket) => {
    const send = () => {
      socket.ping();
      sent = Date.now();
      socket.send(TEXT);
    };
    socket.on('open', send);
    socket.on('message', (text) => {
      echoTime.add(Date.now() - sent, tags);
      check(text, { 'the echo is the same text': (t) => t === TEXT });
      left -= 1;
      if (left > 0) {
        socket.setTimeout(send, PAUSE * 1000);
      } else {
        socket.close();
      }
    });
    socket.setTimeout(() => socket.close(), 10000); // an echo that never comes
  });
  check(answer, { 'the WebSocket was opened': (a) => a && a.status === 101 });
  check(left, { 'every echo came back': (n) => n === 0 });
}
