package dev.parley.upload;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A program with a store of files, killed by SIGKILL while it makes, appends, saves and deletes: what it had announced is there.
 *
 * <p>All rounds share one directory, which is opened and looked through behind each. 3 rounds, and 50 with {@code -Dparley.long=true},
 * which take some minutes.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class FileUploadStoreCrashTest {
    private static final boolean LONG = Boolean.getBoolean("parley.long");
    private static final int ROUNDS = LONG ? 50 : 3;
    /** A round has fewer: there are two forces for each, and a disk that others use as well may need a second for a few. */
    private static final int MAX_LINES = LONG ? 2000 : 400;

    private static final int PATIENCE_SECONDS = 600;
    private static final int THREADS = 3;
    /** An upload is given up for a new one when it is so long. */
    private static final int UPLOAD_BYTES = 512 * 1024;

    @TempDir
    Path directory;

    /** What was announced of one upload. */
    private static final class Announced {
        long size;
        long record = -1;
        boolean isDeleting;
        boolean isDeleted;
    }

    @Test
    void whatWasAnnouncedIsThereWheneverTheProgramIsKilled() throws Exception {
        Random random = new Random();
        Map<String, Announced> announced = new HashMap<>();
        for (int round = 0; round < ROUNDS; round++) {
            int lines = random.nextInt(round == 0 ? 0 : 1, MAX_LINES);
            round(round, lines, announced);

            try (FileUploadStore store =
                    FileUploadStore.at(directory).minFreeBytes(0).open()) {
                verify(store, announced, "round %s, killed after %s lines".formatted(round, lines));
            }
        }
        assertThat(announced).isNotEmpty();
    }

    private static void verify(FileUploadStore store, Map<String, Announced> announced, String when)
            throws IOException {
        Set<String> ids = new HashSet<>(store.ids());
        for (Map.Entry<String, Announced> entry : announced.entrySet()) {
            String id = entry.getKey();
            Announced known = entry.getValue();
            if (known.isDeleted) {
                assertThat(ids).as("%s: deleted", when).doesNotContain(id);
            } else if (!known.isDeleting && known.record >= 0) {
                assertThat(ids).as("%s: kept", when).contains(id);
            }
        }
        for (String id : ids) {
            Announced known = announced.getOrDefault(id, new Announced());
            String record = new String(store.record(id).orElseThrow(), UTF_8);
            long number = Program.number(record);
            assertThat(record).as("%s: a record is whole", when).isEqualTo(Program.record(number));
            assertThat(number)
                    .as("%s: the last record, or the one that was being saved", when)
                    .isBetween(Math.max(0, known.record), known.record + 1);
            try (UploadContent content = store.open(id)) {
                assertThat(content.size()).as("%s: announced", when).isGreaterThanOrEqualTo(known.size);
                ByteBuffer all = ByteBuffer.allocate((int) content.size());
                while (all.hasRemaining()) {
                    content.read(all.position(), all);
                }
                for (int i = 0; i < all.limit(); i++) {
                    if (all.get(i) != Program.byteAt(id, i)) {
                        throw new AssertionError(when + ": another byte at " + i + " of " + all.limit());
                    }
                }
            }
        }
    }

    /** Kills a program after it has said so many lines. */
    private void round(int round, int lines, Map<String, Announced> announced) throws Exception {
        Process program = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-XX:TieredStopAtLevel=1", // starts faster
                        "-cp",
                        System.getProperty("java.class.path"),
                        Program.class.getName(),
                        directory.toString(),
                        Integer.toString(round))
                .redirectErrorStream(true)
                .start();
        try (BufferedReader said = new BufferedReader(new InputStreamReader(program.getInputStream(), UTF_8))) {
            StringBuilder words = new StringBuilder();
            String line = said.readLine();
            while (line != null && !line.equals("open")) {
                words.append(line).append('\n');
                line = said.readLine();
            }
            assertThat(line).as("the program ended: %s", words).isNotNull();
            assertThatThrownBy(() -> FileUploadStore.at(directory).open())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is in use by a store of another program (expected: one at a time; ");
            for (int i = 0; i < lines; i++) {
                take(said.readLine(), announced);
            }
            program.toHandle().destroyForcibly(); // and not the process, which would close what it said, too
            // What was said and not read yet counts. The last line may be cut, and does not; but a whole one that
            // announces
            // a deletion does, as the program deletes right behind it.
            String last = said.readLine();
            while (last != null) {
                String next = said.readLine();
                if (next != null || last.matches("deleting [a-z2-7]{26}")) {
                    take(last, announced);
                }
                last = next;
            }
            assertThat(program.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        } finally {
            program.destroyForcibly();
        }
    }

    private static void take(@Nullable String line, Map<String, Announced> announced) {
        if (line == null) {
            throw new AssertionError("the program ended by itself");
        }
        String[] words = line.split(" ", -1);
        Announced upload = announced.computeIfAbsent(words[1], id -> new Announced());
        switch (words[0]) {
            case "size" -> upload.size = Long.parseLong(words[2]);
            case "record" -> upload.record = Long.parseLong(words[2]);
            case "deleting" -> upload.isDeleting = true;
            case "deleted" -> upload.isDeleted = true;
            default -> throw new AssertionError("the program failed: " + line);
        }
    }

    /** What is killed. It ends by itself when nobody listens. */
    static final class Program {
        private static final String DIGITS = "abcdefghijklmnopqrstuvwxyz234567";

        public static void main(String[] args) throws IOException {
            try (FileUploadStore store =
                    FileUploadStore.at(Path.of(args[0])).minFreeBytes(0).open()) {
                say("open");
                Thread[] threads = new Thread[THREADS];
                for (int i = 0; i < THREADS; i++) {
                    int number = Integer.parseInt(args[1]) * THREADS + i;
                    threads[i] = new Thread(() -> run(store, number));
                    threads[i].start();
                }
                for (Thread thread : threads) {
                    join(thread);
                }
            }
        }

        private static void join(Thread thread) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private static void run(FileUploadStore store, int number) {
            Random random = new Random(number);
            try {
                for (int next = 0; !System.out.checkError(); next++) {
                    String id = id(number, next);
                    store.create(id, record(0).getBytes(UTF_8));
                    say("record " + id + " 0");
                    fill(store, id, random);
                    if (next % 2 == 0) {
                        say("deleting " + id);
                        store.delete(id);
                        say("deleted " + id);
                    }
                }
            } catch (IOException | RuntimeException e) {
                say("failed: " + e);
            }
        }

        private static void fill(FileUploadStore store, String id, Random random) throws IOException {
            try (UploadContent content = store.open(id)) {
                for (long record = 1; content.size() < UPLOAD_BYTES && !System.out.checkError(); record++) {
                    byte[] bytes = new byte[1 + random.nextInt(40_000)];
                    long at = content.size();
                    for (int i = 0; i < bytes.length; i++) {
                        bytes[i] = byteAt(id, at + i);
                    }
                    int half = bytes.length / 2;
                    content.append(new ByteBuffer[] {
                        ByteBuffer.wrap(bytes, 0, half), ByteBuffer.wrap(bytes, half, bytes.length - half)
                    });
                    content.force();
                    say("size " + id + " " + content.size());
                    store.save(id, record(record).getBytes(UTF_8));
                    say("record " + id + " " + record);
                }
            }
        }

        /** In one call, so that lines of several threads don't mix. */
        private static synchronized void say(String line) {
            System.out.print(line + "\n");
            System.out.flush();
        }

        private static String id(int thread, int upload) {
            StringBuilder id = new StringBuilder("crash");
            long number = (long) thread << 32 | upload;
            while (id.length() < 26) {
                id.append(DIGITS.charAt((int) (number & 31)));
                number >>>= 5;
            }
            return id.toString();
        }

        static byte byteAt(String id, long position) {
            return (byte) (position * 31 + position / 251 + id.hashCode());
        }

        /** As long as its number says, so that one that is cut or mixed is seen. */
        static String record(long number) {
            return number + ":" + (number + ",").repeat((int) (number * 379 % 3000));
        }

        static long number(String record) {
            int colon = record.indexOf(':');
            assertThat(colon).as("a record is whole").isPositive();
            return Long.parseLong(record.substring(0, colon));
        }
    }
}
