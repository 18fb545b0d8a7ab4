package dev.parley.examples;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.parley.http.Endpoint;
import dev.parley.http.Endpoints;
import dev.parley.http.Guard;
import dev.parley.http.Routes;
import dev.parley.http.StaticFiles;
import dev.parley.server.ParleyServer;
import dev.parley.signaling.Admission;
import dev.parley.signaling.IceServers;
import dev.parley.signaling.JoinRequest;
import dev.parley.signaling.JoinToken;
import dev.parley.signaling.JoinTokens;
import dev.parley.signaling.LeaveReason;
import dev.parley.signaling.Peer;
import dev.parley.signaling.Right;
import dev.parley.signaling.RoomListener;
import dev.parley.signaling.RoomPolicy;
import dev.parley.signaling.RoomSettings;
import dev.parley.signaling.ServerSignal;
import dev.parley.signaling.SignalingEndpoint;
import dev.parley.signaling.TurnCredentials;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.testkit.TestPeer;
import dev.parley.testkit.TestRequest;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestStream;
import dev.parley.testkit.TestWebSocket;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Principal;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The guide to signaling and its protocol: each program compiles and runs here, and each conversation is held. */
class SignalingGuideTest {
    private static final GuidePage PAGE = GuidePage.of("signaling", SignalingGuideTest.class);
    private static final GuidePage PROTOCOL = GuidePage.of("signaling-protocol", SignalingGuideTest.class);

    @TempDir
    @Nullable
    Path temporary;

    private final JsonMapper json = JsonMapper.shared();
    private final Users users = new Users();
    private final Guard signedIn = exchange -> exchange.header("X-User")
            .map(name -> Guard.Verdict.allow(() -> name))
            .orElseGet(() -> Guard.Verdict.refuse(401))
            .now();
    private final String turnSecret = "a secret of the TURN server";
    private final String joinSecret = "a secret of at least thirty-two bytes";
    private final String sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
    private final List<String> log = new ArrayList<>();

    private Path directory() {
        return Objects.requireNonNull(temporary);
    }

    // ---- the pages

    @Test
    void itsProgramsAreTheOnesThatRunHere() throws IOException {
        PAGE.assertProgramsRun();
    }

    @Test
    void theSignalingOfTheReadmeRunsHere() throws IOException {
        GuidePage.readme(SignalingGuideTest.class).assertProgramRuns("Signaling");
    }

    @Test
    void itHasAllSettings() throws IOException {
        String page = PAGE.text();
        for (Class<?> builder : List.of(SignalingEndpoint.Builder.class, RoomSettings.Builder.class)) {
            assertThat(Arrays.stream(builder.getMethods())
                            .filter(method -> method.getDeclaringClass() == builder)
                            .map(method -> method.getName())
                            .filter(name -> !name.equals("build")))
                    .hasSizeGreaterThan(5)
                    .allSatisfy(name -> assertThat(page).containsPattern("\\| [^|]*`" + name + "`[^|]*\\|"));
        }
    }

    @Test
    void itHasAllErrorsAndTheProtocolHasAllMessages() throws IOException {
        JsonNode schema = JsonMapper.shared()
                .readTree(Objects.requireNonNull(
                                getClass().getResource("/META-INF/resources/parley/signaling.schema.json"))
                        .openStream());

        assertThat(schema.at("/$defs/server.error/properties/payload/properties/code/enum")
                        .valueStream())
                .hasSize(16)
                .allSatisfy(code ->
                        assertThat(PAGE.text()).containsPattern("\\| [^|]*`" + code.stringValue() + "`[^|]*\\|"));
        assertThat(schema.path("$defs").propertyNames())
                .filteredOn(name -> name.startsWith("client.") || name.startsWith("server."))
                .allSatisfy(name -> assertThat(section(name))
                        .containsPattern("\\| [^|]*`" + name.substring(name.indexOf('.') + 1) + "`[^|]*\\|"));
    }

    private static String section(String name) throws IOException {
        String page = PROTOCOL.text();
        return name.startsWith("client.")
                ? page.substring(page.indexOf("### To the server"), page.indexOf("### From the server"))
                : page.substring(page.indexOf("### From the server"), page.indexOf("## Joining"));
    }

    // ---- what the programs of the page stand for

    private record User(String name, boolean isGuest, boolean isHost) {
        boolean isMemberOf(String room) {
            return !isGuest && room.equals("team");
        }

        String avatar() {
            return name + ".png";
        }
    }

    private static final class Users {
        CompletionStage<User> find(Optional<Principal> principal) {
            String name = principal.map(Principal::getName).orElse("");
            return CompletableFuture.completedStage(new User(name, name.equals("guest"), name.equals("host")));
        }
    }

    /** As Micrometer has it. */
    private static final class Registry {
        final Map<String, Double> values = new LinkedHashMap<>();
    }

    private record Meter<T>(String name, T of, ToDoubleFunction<T> value) {
        Meter<T> baseUnit(String unit) {
            assertThat(unit).isEqualTo("characters");
            return this;
        }

        void register(Registry registry) {
            registry.values.put(name, value.applyAsDouble(of));
        }
    }

    private static final class Gauge {
        static <T> Meter<T> builder(String name, T of, ToDoubleFunction<T> value) {
            return new Meter<>(name, of, value);
        }
    }

    private static final class FunctionCounter {
        static <T> Meter<T> builder(String name, T of, ToDoubleFunction<T> value) {
            return new Meter<>(name, of, value);
        }
    }

    private static TestServer serve(Endpoint call) {
        return TestServer.of(Routes.builder().any("/signal", call).build());
    }

    private static TestPeer join(TestServer server, String name) {
        return TestPeer.join(server, "/signal", "team", name);
    }

    // ---- a call

    @Test
    void theFirstProgramServesThePageTheModuleAndTheRooms() throws Exception {
        Files.writeString(directory().resolve("index.html"), "<!doctype html>");
        try (ParleyServer server = first(directory(), 0)) {
            assertThat(status(server, "/index.html")).isEqualTo(200);
            assertThat(status(server, "/parley/signaling.schema.json")).isEqualTo(200);
            assertThat(status(server, "/signal")).isEqualTo(426);
        }
    }

    private static ParleyServer first(Path directory, int port) throws Exception {
        ParleyServer server = ParleyServer.builder()
                .port(port)
                .routes(Routes.builder()
                        .any("/signal", SignalingEndpoint.builder().maxPeers(6).build())
                        .files("/parley", StaticFiles.classpath("/META-INF/resources/parley"))
                        .files("/", StaticFiles.builder(directory).build())
                        .build())
                .build()
                .start();
        return server;
    }

    private static int status(ParleyServer server, String path) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + path))
                                .timeout(Duration.ofSeconds(Patience.SECONDS))
                                .build(),
                        HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    // ---- rooms, and who may do what

    @Test
    void aRoomIsAsItsSettingsSay() {
        RoomSettings meeting = RoomSettings.builder()
                .maxPeers(6)
                .knock()
                .idle(Duration.ofHours(1))
                .metadata(json.createObjectNode().put("topic", "tea"))
                .build();
        SignalingEndpoint call = SignalingEndpoint.builder()
                .room(meeting)
                .grace(Duration.ofSeconds(30))
                .build();

        try (TestServer server = serve(call)) {
            TestPeer ann = join(server, "Ann");
            assertThat(ann.welcome().room().metadata()).hasToString("{\"topic\":\"tea\"}");
            assertThat(ann.welcome().graceMillis()).isEqualTo(30_000);
            TestPeer bob = join(server, "Bob");
            assertThat(bob.signals()).containsExactly(new ServerSignal.Waiting());
            ServerSignal.Knock knock = (ServerSignal.Knock) ann.signals().get(0);
            ann.send("admit", Map.of("peer", knock.peer()));
            assertThat(bob.id()).isEqualTo(knock.peer());
            assertThat(ann.present()).containsExactly("Bob");
        }
    }

    @Test
    void aPolicyDecides() {
        RoomPolicy policy = wish -> users.find(wish.exchange().principal()).thenApply(user -> {
            if (!user.isMemberOf(wish.room())) {
                return user.isGuest() ? Admission.knock() : Admission.refuse("members only");
            }
            Admission in = Admission.accept()
                    .name(user.name())
                    .metadata(json.createObjectNode().put("avatar", user.avatar()));
            return user.isHost()
                    ? in.rights(Right.CALL, Right.MESSAGE, Right.OWN)
                    : in.rights(Right.CALL, Right.MESSAGE);
        });
        Endpoint call = Endpoints.guard(
                signedIn, SignalingEndpoint.builder().policy(policy).build());

        try (TestServer server = serve(call)) {
            TestWebSocket member = as(server, "ann", "team");
            assertThat(member.texts()).singleElement().asString().contains("\"rights\":[\"call\",\"message\"]");
            assertThat(as(server, "ann", "another").texts())
                    .containsExactly(
                            "{\"type\":\"error\",\"payload\":{\"code\":\"not_allowed\",\"message\":\"members only\"}}");
            assertThat(as(server, "guest", "team").texts())
                    .singleElement()
                    .asString()
                    .contains("nobody is there who could let you in");
            TestWebSocket host = as(server, "host", "team");
            assertThat(host.texts()).singleElement().asString().contains("\"own\"]", "{\"avatar\":\"ann.png\"}");
            assertThat(as(server, "guest", "team").texts()).containsExactly("{\"type\":\"waiting\",\"payload\":{}}");
            host.ignoreRest();
            member.ignoreRest();
        }
    }

    private static TestWebSocket as(TestServer server, String user, String room) {
        return server.get("/signal")
                .header("X-User", user)
                .webSocket()
                .send("{\"type\":\"join\",\"payload\":{\"room\":\"" + room + "\",\"name\":\"the client's word\"}}");
    }

    @Test
    void aPolicyKeepsStudentsApart() {
        RoomPolicy lectures = new RoomPolicy() {
            @Override
            public CompletionStage<Admission> join(JoinRequest wish) {
                return CompletableFuture.completedStage(Admission.accept());
            }

            @Override
            public CompletionStage<Boolean> maySignal(Peer from, Peer to) {
                return CompletableFuture.completedStage(
                        from.rights().contains(Right.OWN) || to.rights().contains(Right.OWN));
            }
        };

        try (TestServer server =
                serve(SignalingEndpoint.builder().policy(lectures).build())) {
            TestPeer teacher = join(server, "Teacher");
            TestPeer ann = join(server, "Ann");
            TestPeer bob = join(server, "Bob");
            ann.signals();
            teacher.signals();
            bob.send("message", Map.of("data", 1));
            assertThat(teacher.signals()).hasSize(1);
            assertThat(ann.signals()).isEmpty();
            bob.send("offer", Map.of("to", ann.id(), "sdp", sdp));
            assertThat(bob.signals()).containsExactly(new ServerSignal.Failure("not_allowed", "to: not " + ann.id()));
        }
    }

    @Test
    void aTokenLetsIn() {
        JoinTokens tokens = JoinTokens.hmac(joinSecret);
        SignalingEndpoint call = SignalingEndpoint.builder().policy(tokens).build();

        String token = tokens.issue(JoinToken.room("team")
                .name("Ann")
                .rights(Right.CALL, Right.MESSAGE)
                .expiresAfter(Duration.ofMinutes(5)));

        try (TestServer server = serve(call)) {
            TestPeer ann = TestPeer.connect(server, "/signal").send("join", Map.of("room", "team", "token", token));
            assertThat(ann.welcome().rights()).containsExactlyInAnyOrder(Right.CALL, Right.MESSAGE);
            assertThat(join(server, "Eve").signals())
                    .containsExactly(new ServerSignal.Failure("not_allowed", "a token is needed"));
        }
    }

    @Test
    void theProgramOfTheReadmeLetsInWhoHasAToken() {
        SignalingEndpoint call = SignalingEndpoint.builder()
                .policy(JoinTokens.hmac(joinSecret))
                .iceServers(IceServers.stun("stun:stun.example")
                        .turn("turn:turn.example", TurnCredentials.rest(turnSecret)))
                .maxPeers(6)
                .build();

        try (TestServer server = serve(call)) {
            String token = JoinTokens.hmac(joinSecret).issue(JoinToken.room("team"));
            TestPeer ann = TestPeer.connect(server, "/signal").send("join", Map.of("room", "team", "token", token));
            assertThat(ann.welcome().iceServers()).hasSize(2);
        }
    }

    @Test
    void tokensOfAnotherProgramAreAsThePageSays() throws Exception {
        String script = PAGE.blocksAsTheyAre("js").stream()
                .filter(block -> block.contains("createHmac"))
                .findFirst()
                .orElseThrow();
        assumeTrue(InstalledBrowser.NODE.isPresent(), "node");

        Process node = Patience.limited(new ProcessBuilder(
                        InstalledBrowser.NODE.orElseThrow().toString(),
                        "-e",
                        "const crypto = require('crypto'); const secret = '" + joinSecret + "'\n" + script
                                + "process.stdout.write(token)")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
        try {
            String token = new String(node.getInputStream().readAllBytes(), UTF_8);
            assertThat(node.waitFor(Patience.PROCESS_SECONDS, TimeUnit.SECONDS)).isTrue();
            try (TestServer server = serve(SignalingEndpoint.builder()
                    .policy(JoinTokens.hmac(joinSecret))
                    .build())) {
                TestPeer ann = TestPeer.connect(server, "/signal").send("join", Map.of("room", "team", "token", token));
                assertThat(ann.welcome().rights()).containsExactly(Right.CALL);
            }
        } finally {
            node.destroyForcibly();
        }
    }

    // ---- ICE

    @Test
    void peersAreToldOfServers() {
        IceServers servers = IceServers.stun("stun:stun.example")
                .turn(
                        List.of(
                                "turn:turn.example",
                                "turn:turn.example?transport=tcp",
                                "turns:turn.example:443?transport=tcp"),
                        TurnCredentials.rest(turnSecret));

        try (TestServer server =
                serve(SignalingEndpoint.builder().iceServers(servers).build())) {
            assertThat(join(server, "Ann").welcome().iceServers())
                    .hasSize(2)
                    .last()
                    .satisfies(turn -> assertThat(turn.username()).matches("\\d{10}:[A-Za-z0-9_-]{16}"));
        }
    }

    @Test
    void aRoomThatIsRelayOnlyDropsAddresses() {
        SignalingEndpoint call = SignalingEndpoint.builder()
                .room(RoomSettings.builder().relayOnly().maxPeers(6).build())
                .iceServers(IceServers.none().turn("turn:turn.example", TurnCredentials.rest(turnSecret)))
                .build();

        String host = "candidate:1 1 udp 2122260223 192.0.2.7 54321 typ host";
        String relayed = "candidate:2 1 udp 41885439 198.51.100.1 61000 typ relay raddr 192.0.2.7 rport 54321";
        try (TestServer server = serve(call)) {
            TestPeer ann = join(server, "Ann");
            TestPeer bob = join(server, "Bob");
            assertThat(bob.welcome().room().relayOnly()).isTrue();
            ann.signals();
            for (String candidate :
                    List.of(host, relayed, host.replace("typ host", "typ srflx raddr 10.0.0.1 rport 9"))) {
                bob.send("candidate", Map.of("to", ann.id(), "candidate", candidate));
            }
            assertThat(ann.signals())
                    .containsExactly(new ServerSignal.Candidate(
                            bob.id(),
                            relayed.replace("192.0.2.7 rport 54321", "0.0.0.0 rport 9"),
                            null,
                            null,
                            null,
                            0));
        }
    }

    @Test
    void withoutPrivateAddressesNamesOfMdnsArePassed() {
        SignalingEndpoint call = SignalingEndpoint.builder()
                .room(RoomSettings.builder().dropPrivateAddresses().build())
                .build();
        try (TestServer server = serve(call)) {
            TestPeer ann = join(server, "Ann");
            TestPeer bob = join(server, "Bob");
            ann.signals();
            for (String address :
                    List.of("10.0.0.1", "100.64.0.1", "fd00::1", "host.example", "192.0.2.7", "a-b.local")) {
                bob.send(
                        "candidate",
                        Map.of("to", ann.id(), "candidate", "candidate:1 1 udp 1 " + address + " 9 typ host"));
            }
            bob.send(
                    "candidate",
                    Map.of(
                            "to",
                            ann.id(),
                            "candidate",
                            "candidate:1 1 udp 1 10.0.0.1 9 typ relay raddr 0.0.0.0 rport 9"));
            assertThat(ann.signals())
                    .extracting(signal ->
                            ((ServerSignal.Candidate) signal).candidate().split(" ", -1)[4])
                    .containsExactly("192.0.2.7", "a-b.local");
            bob.webSocket().ignoreRest();
        }
    }

    // ---- other clients

    @Test
    void otherClientsComeByRoutesOfTheirOwn() {
        RoomPolicy policy = RoomPolicy.open();
        SignalingEndpoint call = SignalingEndpoint.builder().policy(policy).build();
        Routes routes = Routes.builder()
                .any("/signal", call)
                .any("/peerjs/*", call.peerJs())
                .any("/y-webrtc", call.yWebRtc())
                .build();

        try (TestServer server = TestServer.of(routes)) {
            assertThat(server.get("/peerjs/peerjs/id").send()).hasStatus(200);
            assertThat(server.get("/peerjs/peerjs/peers").send()).isProblem(401);
            String address = "/peerjs/peerjs?key=peerjs&id=ann&token=abc";
            TestWebSocket ann = server.webSocket(address);
            assertThat(ann.texts()).containsExactly("{\"type\":\"OPEN\"}");
            TestWebSocket other = server.webSocket(address.replace("abc", "def"));
            assertThat(other.texts()).singleElement().asString().contains("ID-TAKEN");
            assertThat(other).closedWith(1000);
            ann.cut();
            assertThat(server.webSocket(address).texts()).containsExactly("{\"type\":\"OPEN\"}");
            assertThat(call.rooms()).extracting(room -> room.name()).containsExactly("peerjs/peerjs");
            assertThat(TestPeer.join(server, "/signal", "peerjs/peerjs", "Eve").signals())
                    .extracting(signal -> ((ServerSignal.Failure) signal).code())
                    .containsExactly("not_allowed");

            TestWebSocket document = server.webSocket("/y-webrtc");
            document.send("{\"type\":\"subscribe\",\"topics\":[\"notes\"]}");
            document.send("{\"type\":\"publish\",\"topic\":\"notes\",\"data\":1}");
            assertThat(document.texts())
                    .containsExactly("{\"type\":\"publish\",\"topic\":\"notes\",\"data\":1,\"clients\":1}");
        }
    }

    // ---- on the server

    @Test
    void theServerHearsAndSpeaks() {
        SignalingEndpoint call = SignalingEndpoint.builder()
                .listener(new RoomListener() {
                    @Override
                    public void joined(Peer peer) {
                        log.add(peer.name() + " joined " + peer.room().name());
                        peer.send(json.createObjectNode().put("news", "this call is recorded"));
                    }

                    @Override
                    public void left(Peer peer, LeaveReason reason) {
                        log.add(peer.name() + " is gone: " + reason);
                    }
                })
                .build();

        try (TestServer server = serve(call)) {
            TestPeer ann = join(server, "Ann");
            TestPeer mallory = join(server, "Mallory");
            assertThat(ann.signals())
                    .first()
                    .hasToString("Message[from=null, data={\"news\":\"this call is recorded\"}]");
            mallory.signals();
            assertThat(measured(call))
                    .isEqualTo(Map.of(
                            "signaling.rooms", 1.0,
                            "signaling.peers", 2.0,
                            "signaling.kept", 0.0,
                            "signaling.relayed", 0.0,
                            "signaling.refused", 0.0));

            speak(call);

            assertThat(mallory.signals()).last().isEqualTo(new ServerSignal.Left(LeaveReason.EVICTED, "not here"));
            assertThat(ann.signals())
                    .last()
                    .isEqualTo(new ServerSignal.Left(LeaveReason.CLOSED, "the server is going down"));
            assertThat(mallory.webSocket()).closedWith(4000);
            assertThat(ann.webSocket()).closedWith(4000);
        }
        assertThat(log)
                .containsExactly(
                        "Ann joined team", "Mallory joined team", "Mallory is gone: EVICTED", "Ann is gone: CLOSED");
    }

    private void speak(SignalingEndpoint call) {
        call.room("team").ifPresent(room -> {
            room.send(json.createObjectNode().put("news", "five minutes left"));
            room.lock(true);
            room.peers().stream().filter(peer -> peer.name().equals("Mallory")).forEach(peer -> peer.evict("not here"));
        });
        call.rooms().forEach(room -> room.close("the server is going down"));
    }

    private static Map<String, Double> measured(SignalingEndpoint call) {
        Registry registry = new Registry();
        Gauge.builder("signaling.rooms", call, it -> it.statistics().rooms()).register(registry);
        Gauge.builder("signaling.peers", call, it -> it.statistics().peers()).register(registry);
        Gauge.builder("signaling.kept", call, it -> it.statistics().keptBytes())
                .baseUnit("characters")
                .register(registry);
        FunctionCounter.builder("signaling.relayed", call, it -> it.statistics().relayed())
                .register(registry);
        FunctionCounter.builder("signaling.refused", call, it -> it.statistics().refused())
                .register(registry);
        return registry.values;
    }

    @Test
    void aRoomMayHaveAnAddressOfItsOwn() {
        RoomPolicy here = wish -> CompletableFuture.completedStage(
                wish.room().equals(wish.exchange().path("room"))
                        ? Admission.accept()
                        : Admission.refuse("another room's address"));
        Routes routes = Routes.builder()
                .any("/signal/{room}", SignalingEndpoint.builder().policy(here).build())
                .build();

        try (TestServer server = TestServer.of(routes)) {
            assertThat(TestPeer.join(server, "/signal/team", "team", "Ann")
                            .welcome()
                            .peers())
                    .isEmpty();
            assertThat(TestPeer.join(server, "/signal/team", "other", "Bob").signals())
                    .containsExactly(new ServerSignal.Failure("not_allowed", "another room's address"));
        }
    }

    @Test
    void aTestNeedsNoSocketAndNoSleep() {
        try (TestServer server = TestServer.of(clock -> Routes.builder()
                .any("/signal", SignalingEndpoint.builder().clock(clock).build())
                .build())) {
            TestPeer ann = TestPeer.join(server, "/signal", "team", "Ann");
            TestPeer bob = TestPeer.join(server, "/signal", "team", "Bob");
            bob.send("offer", Map.of("to", ann.id(), "sdp", sdp));
            assertThat(ann.signals()).last().isEqualTo(new ServerSignal.Offer(bob.id(), sdp, 0));

            bob.cut();
            server.advance(Duration.ofSeconds(14));
            assertThat(ann.present()).containsExactly("Bob");
            server.advance(Duration.ofSeconds(2));
            assertThat(ann.signals()).containsExactly(new ServerSignal.PeerLeft(bob.id(), LeaveReason.LOST));
        }
    }

    // ---- the protocol

    private static TestServer protocol(UnaryOperator<RoomSettings.Builder> room) {
        return TestServer.of(clock -> Routes.builder()
                .any(
                        "/signal",
                        SignalingEndpoint.builder()
                                .clock(clock)
                                .room(room.apply(RoomSettings.builder()).build())
                                .iceServers(IceServers.stun("stun:stun.example"))
                                .build())
                .build());
    }

    static Stream<String> conversations() throws IOException {
        return PROTOCOL.blocksAsTheyAre("talk").stream();
    }

    @ParameterizedTest
    @MethodSource("conversations")
    void itsConversationsAreHeld(String conversation) {
        try (TestServer server = protocol(room -> conversation.contains("waiting") ? room.knock() : room)) {
            new Talk(server).hold(conversation);
        }
    }

    @Test
    void itHasConversationsOnAllThatGoesOn() throws IOException {
        assertThat(conversations()).hasSize(4);
    }

    @Test
    void withoutWebSocketsTheSameIsSaidByPost() throws IOException {
        List<String> requests = PROTOCOL.blocksAsTheyAre("http");
        assertThat(requests).hasSize(2);
        try (TestServer server = protocol(room -> room)) {
            TestPeer bob = TestPeer.join(server, "/signal", "alone", "Bob");
            TestStream stream = request(server, requests.get(0), "").stream();
            JsonNode welcome = messages(stream).get(0);
            assertThat(welcome.path("type").stringValue()).isEqualTo("welcome");
            String session = welcome.at("/payload/session").stringValue();

            assertThat(request(server, requests.get(1), session).send()).hasStatus(204);
            assertThat(bob.signals())
                    .last()
                    .isEqualTo(
                            new ServerSignal.Message(welcome.at("/payload/peer").stringValue(), json.readTree("1")));
            assertThat(server.post("/signal")
                            .header("Parley-Session", session)
                            .body("{\"type\":\"offer\",\"id\":1}")
                            .send())
                    .hasStatus(204);
            assertThat(server.post("/signal")
                            .header("Parley-Session", session)
                            .body("{\"type\":\"ack\",\"id\":2,\"payload\":{\"seq\":1}}")
                            .send())
                    .hasStatus(204);
            assertThat(server.post("/signal")
                            .header("Parley-Session", session)
                            .body("{\"type\":\"update\",\"id\":3}")
                            .send())
                    .hasStatus(204);
            assertThat(messages(stream))
                    .extracting(message -> message.path("type").stringValue() + message.path("id"))
                    .containsSubsequence("error1", "reply3")
                    .doesNotContain("reply2");
            bob.webSocket().ignoreRest();
            stream.cut();
            assertThat(request(server, requests.get(1), session).send()).isProblem(404);

            TestStream wrong = server.post("/signal").body("{\"type\":\"leave\"}").stream();
            assertThat(messages(wrong))
                    .extracting(message -> message.at("/payload/code").stringValue())
                    .containsExactly("not_joined");
            assertThat(wrong.isComplete()).isTrue();
        }
    }

    private static List<JsonNode> messages(TestStream stream) {
        return stream.events().stream()
                .map(ServerSentEvent::data)
                .map(data -> JsonMapper.shared().readTree(data))
                .toList();
    }

    private static TestRequest request(TestServer server, String shown, String session) {
        String[] parts = shown.strip().split("\n\n", 2);
        TestRequest request = server.post("/signal");
        for (String line : parts[0].lines().skip(2).toList()) { // behind the first line and Host
            String[] field = line.split(": ", 2);
            request = request.header(field[0], field[1].replace("session-bob", session));
        }
        return request.body(parts[1]);
    }

    /** A conversation as the page shows it: who says what, and is told what. Ids and sessions are made up there, and found out here. */
    private static final class Talk {
        private static final Pattern MADE_UP = Pattern.compile("(?:peer|session)-(?:ann|bob|eve)");
        private static final Pattern LINE =
                Pattern.compile("(?:(\\w+) )?(→|←|breaks off|is closed:|\\d+ s pass) ?(.*)");

        private final TestServer server;
        private final Map<String, TestWebSocket> sockets = new HashMap<>();
        private final Map<String, Deque<String>> told = new HashMap<>();
        private final Map<String, String> real = new HashMap<>();

        Talk(TestServer server) {
            this.server = server;
        }

        void hold(String conversation) {
            conversation.replaceAll("\n +", "").lines().forEach(this::line);
            sockets.forEach((name, socket) -> {
                hear(name);
                assertThat(told.get(name)).as("what else " + name + " is told").isEmpty();
            });
        }

        private void line(String line) {
            Matcher parts = LINE.matcher(line);
            assertThat(parts.matches()).as(line).isTrue();
            String name = Objects.requireNonNullElse(parts.group(1), "");
            String text = parts.group(3);
            switch (parts.group(2)) {
                case "→" ->
                    sockets.computeIfAbsent(name, it -> server.webSocket("/signal"))
                            .send(really(text));
                case "←" -> {
                    hear(name);
                    String next = Objects.requireNonNull(told.get(name)).poll();
                    assertThat(next).as(line).isNotNull();
                    compare(text, Objects.requireNonNull(next));
                }
                case "breaks off" -> {
                    TestWebSocket socket = Objects.requireNonNull(sockets.remove(name));
                    hear(name, socket);
                    assertThat(told.get(name)).as(line).isEmpty();
                    socket.cut();
                }
                case "is closed:" ->
                    assertThat(Objects.requireNonNull(sockets.remove(name))).closedWith(Integer.parseInt(text));
                default -> server.advance(Duration.ofSeconds(Long.parseLong(line.substring(0, line.indexOf(' ')))));
            }
        }

        private void hear(String name) {
            TestWebSocket socket = sockets.get(name);
            if (socket != null) {
                hear(name, socket);
            }
        }

        private void hear(String name, TestWebSocket socket) {
            told.computeIfAbsent(name, it -> new ArrayDeque<>()).addAll(socket.texts());
        }

        private String really(String text) {
            return MADE_UP.matcher(text)
                    .replaceAll(it -> Matcher.quoteReplacement(real.computeIfAbsent(it.group(), same -> same)));
        }

        /** What is made up is real from the first time that it is seen. */
        private void compare(String shown, String said) {
            Matcher madeUp = MADE_UP.matcher(shown);
            StringBuilder pattern = new StringBuilder();
            List<String> unknown = new ArrayList<>();
            int end = 0;
            while (madeUp.find()) {
                pattern.append(Pattern.quote(shown.substring(end, madeUp.start())));
                String known = real.get(madeUp.group());
                pattern.append(known == null ? "([A-Za-z0-9_-]{16}|[A-Za-z0-9_-]{32})" : Pattern.quote(known));
                if (known == null) {
                    unknown.add(madeUp.group());
                }
                end = madeUp.end();
            }
            boolean isWhole = !shown.endsWith("…");
            pattern.append(Pattern.quote(shown.substring(end, shown.length() - (isWhole ? 0 : 1))));
            Matcher match = Pattern.compile(pattern + (isWhole ? "" : ".*")).matcher(said);
            assertThat(match.matches())
                    .as("shown: " + shown + "\nsaid:  " + said)
                    .isTrue();
            for (int i = 0; i < unknown.size(); i++) {
                real.put(unknown.get(i), match.group(i + 1));
            }
        }
    }
}
