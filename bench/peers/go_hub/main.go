// The classic hub: a goroutine and a channel per client, one goroutine that hands each message to all channels.
// Usage: go_hub PORT [batch]. With batch 1 each message is a frame of its own, prepared once for all clients;
// above, a writer joins up to so many waiting messages into one frame, one a line.
package main

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"

	"github.com/gorilla/websocket"
)

const queueLength = 1024

type message struct {
	text     []byte
	prepared *websocket.PreparedMessage
}

type client struct {
	connection *websocket.Conn
	queue      chan message
	gone       chan struct{}
}

type hub struct {
	join    chan *client
	leave   chan *client
	publish chan []message
	batch   int
}

func (h *hub) run() {
	clients := make(map[*client]struct{})
	for {
		select {
		case c := <-h.join:
			clients[c] = struct{}{}
		case c := <-h.leave:
			delete(clients, c)
		case messages := <-h.publish:
			for _, m := range messages {
				for c := range clients {
					select {
					case c.queue <- m:
					case <-c.gone:
					}
				}
			}
		}
	}
}

func (h *hub) write(c *client) {
	for {
		var first message
		select {
		case first = <-c.queue:
		case <-c.gone:
			return
		}
		var err error
		if h.batch == 1 {
			err = c.connection.WritePreparedMessage(first.prepared)
		} else {
			err = h.writeBatch(c, first)
		}
		if err != nil {
			c.connection.Close()
			return
		}
	}
}

func (h *hub) writeBatch(c *client, first message) error {
	writer, err := c.connection.NextWriter(websocket.TextMessage)
	if err != nil {
		return err
	}
	writer.Write(first.text)
	for i := 1; i < h.batch && len(c.queue) > 0; i++ {
		writer.Write([]byte{'\n'})
		writer.Write((<-c.queue).text)
	}
	return writer.Close()
}

func (h *hub) read(c *client) {
	for {
		if _, _, err := c.connection.NextReader(); err != nil {
			break
		}
	}
	close(c.gone)
	h.leave <- c
	c.connection.Close()
}

func (h *hub) subscribe(upgrader *websocket.Upgrader) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		connection, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		c := &client{connection, make(chan message, queueLength), make(chan struct{})}
		h.join <- c
		go h.write(c)
		go h.read(c)
	}
}

func (h *hub) post(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var messages []message
	for _, line := range bytes.Split(bytes.TrimSpace(body), []byte{'\n'}) {
		prepared, err := websocket.NewPreparedMessage(websocket.TextMessage, line)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		messages = append(messages, message{line, prepared})
	}
	h.publish <- messages
	w.WriteHeader(http.StatusAccepted)
}

func main() {
	if len(os.Args) < 2 {
		log.Fatal("usage: go_hub PORT [batch]")
	}
	h := &hub{make(chan *client), make(chan *client, 16), make(chan []message), 1}
	if len(os.Args) > 2 {
		batch, err := strconv.Atoi(os.Args[2])
		if err != nil || batch < 1 {
			log.Fatal("batch must be a positive number")
		}
		h.batch = batch
	}
	go h.run()
	upgrader := websocket.Upgrader{}
	if h.batch > 1 {
		upgrader.WriteBufferSize = 32 << 10 // else a joined frame goes out in pieces of 4 KiB
	}
	http.HandleFunc("/ws", h.subscribe(&upgrader))
	http.HandleFunc("/publish", h.post)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
