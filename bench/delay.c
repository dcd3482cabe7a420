/* delay LISTEN TARGET MICROSECONDS: a proxy on 127.0.0.1 that hands every byte on so much later, each way, and loses
 * no bandwidth to it: what was read waits in memory (up to LIMIT a direction) until it is due. Ends when killed. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 256
#define PIECE 65536
#define LIMIT (8 << 20)

struct piece { struct piece *next; long long due; size_t size, done; char bytes[PIECE]; };
struct way { int from, to, ended; size_t held; struct piece *first, *last; };

static struct way ways[2 * MOST];
static int count;
static long long delay;

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static struct sockaddr_in place(int port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

static void prepare(int fd) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
}

static void add(int client, int port) {
    int server = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = place(port);
    if (count + 2 > 2 * MOST || connect(server, (struct sockaddr *)&to, sizeof to)) {
        close(client), close(server);
        return;
    }
    prepare(client), prepare(server);
    ways[count++] = (struct way){.from = client, .to = server};
    ways[count++] = (struct way){.from = server, .to = client};
}

static void take_in(struct way *w) {
    struct piece *p = malloc(sizeof *p);
    ssize_t n = read(w->from, p->bytes, PIECE);
    if (n < 0 && errno == EAGAIN) { free(p); return; }
    p->next = NULL, p->due = now() + delay, p->size = n > 0 ? n : 0, p->done = 0;
    /* an empty piece is the end, and is as late as everything else */
    w->ended = n <= 0;
    w->held += p->size;
    if (w->last) w->last->next = p; else w->first = p;
    w->last = p;
}

static int hand_on(struct way *w, long long at) {
    while (w->first && w->first->due <= at) {
        struct piece *p = w->first;
        if (!p->size) { shutdown(w->to, SHUT_WR); }
        while (p->done < p->size) {
            ssize_t n = send(w->to, p->bytes + p->done, p->size - p->done, MSG_NOSIGNAL);
            if (n < 0 && errno == EAGAIN) return 1;
            if (n < 0) { p->done = p->size; break; }
            p->done += n, w->held -= n;
        }
        w->first = p->next;
        if (!w->first) w->last = NULL;
        free(p);
    }
    return 0;
}

static void forget(void) {
    for (int i = 0; i < count; i += 2) {
        struct way *a = &ways[i], *b = &ways[i + 1];
        if (!(a->ended && b->ended && !a->first && !b->first)) continue;
        close(a->from), close(a->to);
        *a = ways[count - 2], *b = ways[count - 1];
        count -= 2, i -= 2;
    }
}

int main(int argc, char **argv) {
    if (argc != 4) return fprintf(stderr, "delay LISTEN TARGET MICROSECONDS\n"), 2;
    static struct pollfd fds[4 * MOST + 1];
    int one = 1, door = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = place(atoi(argv[1]));
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(door, (struct sockaddr *)&at, sizeof at) || listen(door, MOST)) return perror("delay"), 1;
    delay = atoll(argv[3]) * 1000;
    for (;;) {
        long long t = now(), next = t + 1000000000LL;
        int n = 0;
        fds[n++] = (struct pollfd){.fd = door, .events = POLLIN};
        for (int i = 0; i < count; i++) {
            struct way *w = &ways[i];
            int full = hand_on(w, t);
            fds[n++] = (struct pollfd){.fd = w->ended || w->held > LIMIT ? -1 : w->from, .events = POLLIN};
            fds[n++] = (struct pollfd){.fd = full ? w->to : -1, .events = POLLOUT};
            if (w->first && !full && w->first->due < next) next = w->first->due;
        }
        t = now();
        long long wait = next > t ? next - t : 0;
        struct timespec ts = {wait / 1000000000LL, wait % 1000000000LL};
        if (ppoll(fds, n, &ts, NULL) < 0) continue;
        for (int i = 0; i < count; i++)
            if (fds[1 + 2 * i].fd >= 0 && fds[1 + 2 * i].revents) take_in(&ways[i]);
        if (fds[0].revents) add(accept(door, NULL, NULL), atoi(argv[2]));
        forget();
    }
}
