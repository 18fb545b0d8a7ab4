package dev.parley.beacon;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Routes;
import dev.parley.server.ParleyServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server with a durable log, killed by SIGKILL while it works: what was answered 204 is in the log, once.
 *
 * <p>All rounds share one log, which is opened, repaired and read behind each. 3 rounds, and 60 with
 * {@code -Dparley.long=true}, which take some minutes.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class BeaconLogCrashTest {
    private static final boolean LONG = Boolean.getBoolean("parley.long");
    private static final int ROUNDS = LONG ? 60 : 3;
    /** A round has fewer: a disk that others use as well may need a second for a dozen. */
    private static final int MAX_ANSWERS = LONG ? 5000 : 500;

    private static final int CONNECTIONS = 8;
    private static final int PIPELINED = 8;
    private static final int PATIENCE_SECONDS = 600;
    /** Small enough for some segments a round. */
    private static final int SEGMENT_BYTES = 64 * 1024;

    @TempDir
    Path directory;

    private final Set<String> answered = ConcurrentHashMap.newKeySet();
    /** Answers other than 204, and how connections broke before the server was killed. */
    private final Set<String> refusals = ConcurrentHashMap.newKeySet();

    private final Set<String> stored = new HashSet<>();
    private volatile boolean killed;

    @Test
    void whatWasAnsweredIsInTheLogOnceWheneverTheServerIsKilled() throws Exception {
        Random random = new Random();
        BeaconCursor place = BeaconCursor.START;
        for (int round = 0; round < ROUNDS; round++) {
            int answers = round == 0 ? 0 : random.nextInt(ROUNDS + 1, MAX_ANSWERS);
            round(round, answers);

            try (BeaconLog log = BeaconLog.at(directory).durable().open();
                    BeaconReader reader = log.reader(place)) {
                take(reader);
                place = reader.cursor();
            }
            assertThat(missing())
                    .as("round %s, killed after %s answers", round, answers)
                    .isEmpty();
        }

        stored.clear();
        try (BeaconReader reader = BeaconReader.open(directory, BeaconCursor.START)) {
            take(reader);
        }
        assertThat(missing()).isEmpty();
        assertThat(answered).hasSizeGreaterThan(ROUNDS);
    }

    /** What was answered and is not in the log. */
    private Set<String> missing() {
        Set<String> missing = new HashSet<>(answered);
        missing.removeAll(stored);
        return missing;
    }

    private void take(BeaconReader reader) throws IOException {
        for (Optional<Beacon> next = reader.next(); next.isPresent(); next = reader.next()) {
            String id = next.get().body().text();
            assertThat(id).matches("[0-9]+\\.[0-9]+\\.[0-9]+");
            assertThat(stored.add(id)).as("%s is there once", id).isTrue();
        }
        assertThat(reader.broken()).isZero();
        assertThat(reader.lostSegments()).isZero();
    }

    /** Kills a server after so many answers. */
    private void round(int round, int answers) throws Exception {
        Process server = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:TieredStopAtLevel=1", // starts faster
                        "-cp",
                        System.getProperty("java.class.path"),
                        Server.class.getName(),
                        directory.toString())
                .redirectErrorStream(true)
                .start();
        killed = false;
        try {
            int port = port(server);
            Semaphore answersLeft = new Semaphore(0);
            List<Thread> clients = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                String prefix = round + "." + i + ".";
                Thread client = new Thread(() -> send(port, prefix, answersLeft));
                client.start();
                clients.add(client);
            }
            boolean enough = answersLeft.tryAcquire(answers, PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(refusals).isEmpty(); // why there are not enough, if so
            assertThat(enough).as("%s answers", answers).isTrue();
            killed = true;
            server.destroyForcibly();
            assertThat(server.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
            for (Thread client : clients) {
                client.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
                assertThat(client.isAlive()).isFalse();
            }
            assertThat(refusals).isEmpty();
        } finally {
            server.destroyForcibly();
        }
    }

    /** The port, as the server says it; its other words are kept for a failure. */
    private static int port(Process server) throws Exception {
        CompletableFuture<Integer> port = new CompletableFuture<>();
        Thread listener = new Thread(() -> {
            StringBuilder words = new StringBuilder();
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(server.getInputStream(), UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (line.startsWith("port ")) {
                        port.complete(Integer.parseInt(line.substring(5)));
                    }
                    words.append(line).append('\n');
                }
            } catch (IOException e) {
                words.append(e);
            }
            port.completeExceptionally(new AssertionError("the server ended: " + words));
        });
        listener.setDaemon(true);
        listener.start();
        return port.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** Sends beacons with numbers, some in flight at a time, until the connection breaks. */
    private void send(int port, String prefix, Semaphore answers) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
            OutputStream out = socket.getOutputStream();
            InputStream in = socket.getInputStream();
            for (int next = 0; ; next += PIPELINED) {
                StringBuilder requests = new StringBuilder();
                for (int i = next; i < next + PIPELINED; i++) {
                    String id = prefix + i;
                    requests.append("POST /beacon HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: ")
                            .append(id.length())
                            .append("\r\n\r\n")
                            .append(id);
                }
                out.write(requests.toString().getBytes(US_ASCII));
                for (int i = next; i < next + PIPELINED; i++) {
                    String status = status(in);
                    if (!status.equals("HTTP/1.1 204 No Content")) {
                        refused(status, answers);
                        return;
                    }
                    answered.add(prefix + i);
                    answers.release();
                }
            }
        } catch (IOException e) {
            if (!killed) {
                refused(e.toString(), answers);
            }
        }
    }

    private void refused(String why, Semaphore answers) {
        refusals.add(why);
        answers.release(MAX_ANSWERS); // so that nobody waits for those that do not come
    }

    /** The first line of an answer without a body. */
    private static String status(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("cut off");
            }
            head.append((char) next);
        }
        return head.substring(0, head.indexOf("\r\n"));
    }

    /** What is killed. It ends by itself if whoever started it is gone. */
    static final class Server {
        public static void main(String[] args) throws IOException {
            try (BeaconLog log = BeaconLog.at(Path.of(args[0]))
                            .durable()
                            .segmentBytes(SEGMENT_BYTES)
                            .open();
                    BeaconCollector collector = BeaconCollector.to(log);
                    ParleyServer server = ParleyServer.builder()
                            .host("127.0.0.1")
                            .port(0)
                            .routes(Routes.builder().post("/beacon", collector).build())
                            .build()
                            .start()) {
                System.out.println("port " + server.port());
                while (System.in.read() >= 0) {
                    // nobody says anything: it is the end that counts
                }
            }
        }
    }
}
