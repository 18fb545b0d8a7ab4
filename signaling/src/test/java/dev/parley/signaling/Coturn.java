package dev.parley.signaling;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A coturn of this machine, on loopback, with files of its own. */
public final class Coturn implements AutoCloseable {
    private static final Optional<Path> TURNSERVER = Arrays.stream(
                    System.getenv("PATH").split(File.pathSeparator))
            .map(directory -> Path.of(directory, "turnserver"))
            .filter(Files::isExecutable)
            .findFirst();
    private static final int TRIES = 5;
    /** To start, and to end. It takes a fraction of one; a busy machine may take many times that. */
    private static final int SECONDS = 60;

    private final Process process;
    private final Path directory;
    private final InetSocketAddress address;

    private Coturn(Process process, Path directory, InetSocketAddress address) {
        this.process = process;
        this.directory = directory;
        this.address = address;
    }

    /** Starts one that takes credentials by any of some secrets. */
    public static Coturn start(List<String> secrets, String... more) throws Exception {
        for (int i = 0; i < TRIES; i++) {
            Optional<Coturn> started = tryToStart(secrets, more);
            if (started.isPresent()) {
                return started.get();
            }
        }
        throw new IOException("coturn did not start in " + TRIES + " tries");
    }

    public InetSocketAddress address() {
        return address;
    }

    /** It takes no port of 0, so that another program may be there first: then it is tried again. */
    private static Optional<Coturn> tryToStart(List<String> secrets, String... more) throws Exception {
        InetSocketAddress address;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            address = (InetSocketAddress) free.getLocalSocketAddress();
        }
        Path directory = Files.createTempDirectory("coturn");
        List<String> command = new ArrayList<>(List.of(
                TURNSERVER.orElseThrow().toString(),
                "-n",
                "--listening-ip=" + address.getAddress().getHostAddress(),
                "--relay-ip=" + address.getAddress().getHostAddress(),
                "--listening-port=" + address.getPort(),
                "--allow-loopback-peers",
                "--no-tls",
                "--no-dtls",
                "--no-cli",
                "--realm=parley.test",
                "--relay-threads=1",
                "--log-file=stdout",
                "--verbose",
                "--userdb=" + directory.resolve("users"),
                "--pidfile=" + directory.resolve("pid"),
                "--use-auth-secret"));
        secrets.forEach(secret -> command.add("--static-auth-secret=" + secret));
        command.addAll(List.of(more));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        Coturn coturn = new Coturn(process, directory, address);
        if (coturn.isListening()) {
            return Optional.of(coturn);
        }
        coturn.close();
        return Optional.empty();
    }

    /** Reads what it prints to its end, or its pipe would fill up; until it listens, that is waited for. */
    private boolean isListening() throws Exception {
        CompletableFuture<Boolean> listening = new CompletableFuture<>();
        Thread reader = new Thread(
                () -> {
                    try (BufferedReader out = process.inputReader(UTF_8)) {
                        for (String line = out.readLine(); line != null; line = out.readLine()) {
                            if (line.contains("IPv4. UDP listener opened")) {
                                listening.complete(true);
                            }
                        }
                        listening.complete(false);
                    } catch (IOException e) {
                        listening.completeExceptionally(e);
                    }
                },
                "coturn");
        reader.setDaemon(true);
        reader.start();
        return listening.completeOnTimeout(false, SECONDS, TimeUnit.SECONDS).get();
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        process.onExit().completeOnTimeout(process, SECONDS, TimeUnit.SECONDS).join();
        process.destroyForcibly().onExit().join();
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(Coturn::delete);
        }
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Skips the tests of a class where coturn is not installed, and says so; under {@code CI=true} they fail instead. */
    public static final class IsInstalled implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            if (TURNSERVER.isPresent()) {
                return ConditionEvaluationResult.enabled("coturn: " + TURNSERVER.get());
            }
            String missing = "no TURN server for " + context.getDisplayName()
                    + ": turnserver is not installed (Debian: apt-get install coturn)";
            if ("true".equals(System.getenv("CI"))) {
                throw new IllegalStateException(missing);
            }
            System.out.println("Skipped, " + missing);
            return ConditionEvaluationResult.disabled(missing);
        }
    }
}
