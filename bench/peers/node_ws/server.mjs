// Broadcast with ws as its manual shows it: one send per client and message. Usage: node server.mjs PORT
import { createServer } from 'node:http';
import { WebSocketServer, WebSocket } from 'ws';

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    for (const line of Buffer.concat(chunks).toString().split('\n')) {
      if (line !== '') broadcast(line);
    }
    response.writeHead(202, { 'Content-Length': 0 }).end();
  });
});

const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on('connection', (socket) => socket.on('error', () => {}));

function broadcast(line) {
  for (const socket of sockets.clients) {
    if (socket.readyState === WebSocket.OPEN) socket.send(line);
  }
}

server.listen(Number(process.argv[2]), '127.0.0.1', 4096);
