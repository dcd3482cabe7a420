// The way listmonk hands a campaign over, for bench/smtp.py to measure ours against: its own pool of connections
// (smtppool: four commands and an RSET a message, each waited for), and around it what its manager does, in our words.
//
//	one goroutine makes out each message (html/template, text/template) -> a channel -> as many workers as
//	connections, each of which builds the MIME and sends it
//
// Left out, which is kind to it: the database, link tracking, the limit of messages a second.
//
//	listmonk PORT CONNECTIONS COUNT LETTER.HTML LETTER.TXT
//
// prints {"seconds": …, "cpu": …, "system": …}.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"log"
	"net/textproto"
	"os"
	"strconv"
	"sync"
	"syscall"
	texttemplate "text/template"
	"time"

	"github.com/knadh/smtppool/v2"
)

const (
	sender  = "Haftalık <letters@example.org>"
	reader  = "reader@example.org"
	subject = "Haftalık"
	perRate = 20 // of its queue: twice its default rate, for each worker
)

// Reader is what the templates may ask for.
type Reader struct {
	URL string
}

type message struct {
	url        string
	html, text []byte
}

type letter struct {
	html *template.Template
	text *texttemplate.Template
}

func read(html, text string) (letter, error) {
	found := letter{}
	page, err := os.ReadFile(html)
	if err != nil {
		return found, err
	}
	plain, err := os.ReadFile(text)
	if err != nil {
		return found, err
	}
	if found.html, err = template.New("html").Parse(string(page)); err != nil {
		return found, err
	}
	found.text, err = texttemplate.New("text").Parse(string(plain))
	return found, err
}

func (l letter) message(number int) (message, error) {
	to := Reader{URL: fmt.Sprintf("https://news.newsroom.example.org/u/%034d", number)}
	html, text := bytes.Buffer{}, bytes.Buffer{}
	if err := l.html.Execute(&html, to); err != nil {
		return message{}, err
	}
	if err := l.text.Execute(&text, to); err != nil {
		return message{}, err
	}
	return message{to.URL, html.Bytes(), text.Bytes()}, nil
}

func (m message) mail() smtppool.Email {
	id := make([]byte, 12)
	_, _ = rand.Read(id)
	headers := textproto.MIMEHeader{}
	headers.Set("List-Unsubscribe", "<"+m.url+">")
	headers.Set("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	headers.Set("Message-Id", "<"+hex.EncodeToString(id)+"@example.org>")
	return smtppool.Email{
		From: sender, To: []string{reader}, Subject: subject, HTML: m.html, Text: m.text, Headers: headers,
	}
}

func send(port, connections, count int, made letter) error {
	pool, err := smtppool.New(smtppool.Opt{
		Host: "127.0.0.1", Port: port, HelloHostname: "bench.example.org", MaxConns: connections,
		IdleTimeout: time.Minute, PoolWaitTimeout: time.Minute, MaxMessageRetries: 1,
	})
	if err != nil {
		return err
	}
	queue := make(chan message, connections*perRate)
	failed := make(chan error, count)
	working := sync.WaitGroup{}
	for range connections {
		working.Add(1)
		go func() {
			defer working.Done()
			for one := range queue {
				if err := pool.Send(one.mail()); err != nil {
					failed <- err
				}
			}
		}()
	}
	for number := range count {
		one, err := made.message(number)
		if err != nil {
			return err
		}
		queue <- one
	}
	close(queue)
	working.Wait()
	select {
	case err := <-failed:
		return fmt.Errorf("%d were not sent, the first for: %w", len(failed)+1, err)
	default:
		return nil
	}
}

func cpu() (user, system float64) {
	used := syscall.Rusage{}
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		log.Fatal(err)
	}
	return time.Duration(used.Utime.Nano()).Seconds(), time.Duration(used.Stime.Nano()).Seconds()
}

func main() {
	numbers := [3]int{}
	for n := range numbers {
		number, err := strconv.Atoi(os.Args[n+1])
		if err != nil {
			log.Fatal(err)
		}
		numbers[n] = number
	}
	made, err := read(os.Args[4], os.Args[5])
	if err != nil {
		log.Fatal(err)
	}
	userBefore, systemBefore := cpu()
	began := time.Now()
	if err := send(numbers[0], numbers[1], numbers[2], made); err != nil {
		log.Fatal(err)
	}
	seconds := time.Since(began).Seconds()
	user, system := cpu()
	told := map[string]float64{
		"seconds": seconds, "cpu": user - userBefore + system - systemBefore, "system": system - systemBefore,
	}
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		log.Fatal(err)
	}
}
