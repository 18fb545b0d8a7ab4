package dev.parley.signaling;

import dev.parley.http.Exchange;
import dev.parley.websocket.MessageException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/** All rooms of an endpoint, and the sessions of all peers. No I/O: what goes out goes to {@link Link}s. Thread-safe. */
final class Rooms {
    private static final Logger LOG = LoggerFactory.getLogger(Rooms.class);
    private static final int ID_BYTES = 12;
    /** It is kept as a tree, and each value takes some 80 bytes, however short it is. */
    private static final int MAX_METADATA_NODES = 256;

    /** Nobody guesses so many. */
    private static final int SESSION_BYTES = 24;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final Settings settings;
    private final Map<String, Room> rooms = new ConcurrentHashMap<>();
    private final Map<String, Peer> sessions = new ConcurrentHashMap<>();
    private final AtomicInteger roomCount = new AtomicInteger();
    private final AtomicInteger peerCount = new AtomicInteger();
    private final Kept.Bounds keptBounds;
    /** An event loop that a peer came by, when there was one. */
    private volatile Executor elsewhere = Runnable::run;

    private final LongAdder relayed = new LongAdder();
    private final LongAdder refused = new LongAdder();

    /** What was set; see {@link SignalingEndpoint.Builder}. */
    record Settings(
            RoomPolicy policy,
            IceServers iceServers,
            RoomSettings room,
            RoomListener listener,
            int maxRooms,
            int maxPeersInAll,
            Duration decisionTimeout,
            Duration grace,
            int maxSdpBytes,
            int maxCandidateBytes,
            int maxMessageBytes,
            int maxMetadataBytes,
            Allowance.PerMinute allowance,
            int maxKeptMessages,
            int maxKeptBytes,
            long maxKeptBytesInAll,
            InstantSource clock) {}

    Rooms(Settings settings) {
        this.settings = settings;
        keptBounds = new Kept.Bounds(
                settings.maxKeptMessages, settings.maxKeptBytes, settings.maxKeptBytesInAll, new AtomicLong());
    }

    /**
     * Somebody who comes back.
     *
     * @param seen the last message that arrived
     * @param link its new connection
     * @param id that of the message with which it asked
     * @param entered told when it is in again, on the lane of the room
     * @param refused run if there is no such session
     */
    record Return(long seen, Link link, @Nullable Object id, Consumer<Peer> entered, Runnable refused) {}

    // ---- who comes

    CompletionStage<Admission> admission(Exchange by, ClientSignal.Join join) {
        JoinRequest wish = new JoinRequest(by, join, !rooms.containsKey(join.room()));
        return Objects.requireNonNull(settings.policy.join(wish), "RoomPolicy.join");
    }

    void enter(Entrance entrance) {
        String name = entrance.join().room();
        RoomSettings wished =
                Objects.requireNonNullElseGet(entrance.admission().settings(), () -> entrance.settings(settings.room));
        Room room = rooms.computeIfAbsent(
                name,
                absent -> take(roomCount, settings.maxRooms)
                        ? new Room(this, absent, wished, entrance::newDialect)
                        : null);
        if (room == null) {
            entrance.refuse(MessageException.TOO_MANY, "rooms: " + settings.maxRooms + " (expected: fewer)");
        } else {
            room.execute(() -> room.enter(entrance));
        }
    }

    void comeBack(String session, Return back) {
        Peer peer = sessions.get(session);
        if (peer == null) {
            back.refused().run();
        } else {
            peer.room().execute(() -> peer.room().resume(peer, back));
        }
    }

    Optional<Peer> bySession(String session) {
        return Optional.ofNullable(sessions.get(session));
    }

    private static boolean take(AtomicInteger count, int most) {
        return count.getAndUpdate(now -> now < most ? now + 1 : now) < most;
    }

    // ---- what rooms need

    Instant now() {
        return settings.clock.instant();
    }

    Duration grace() {
        return settings.grace;
    }

    int maxMessageBytes() {
        return settings.maxMessageBytes;
    }

    /** Of what may hold a description that nobody looks into, such as an encrypted one. */
    int maxSignalChars() {
        return 4096 + 2 * settings.maxSdpBytes;
    }

    String newId() {
        return random(ID_BYTES);
    }

    String newSession() {
        return random(SESSION_BYTES);
    }

    private static String random(int bytes) {
        byte[] random = new byte[bytes];
        RANDOM.nextBytes(random);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }

    /** For what a thread has no more time for. */
    Lane newLane() {
        return new Lane(task -> elsewhere.execute(task));
    }

    void elsewhere(Executor loop) {
        elsewhere = loop;
    }

    Kept newKept() {
        return new Kept(keptBounds);
    }

    /** For what is kept elsewhere than in a {@link Kept}, and counts as well. */
    Kept.Bounds keptBounds() {
        return keptBounds;
    }

    Allowance newAllowance() {
        return new Allowance(settings.allowance, settings.clock.millis());
    }

    Firewall newFirewall(RoomSettings room) {
        return new Firewall(new Firewall.Rules(
                settings.maxSdpBytes, settings.maxCandidateBytes, room.relayOnly(), room.dropPrivateAddresses()));
    }

    /** What a peer is told of STUN and TURN servers now. */
    IceServers.Grant iceServers(Peer peer) {
        IceServers.Grant grant = settings.iceServers.grant(peer.id(), now());
        peer.iceServersUntil(grant.renew());
        return grant;
    }

    /** How long the policy may take to decide on a signal. */
    Duration patience() {
        return settings.decisionTimeout;
    }

    Hearers hearers(Peer from, Collection<Peer> others) {
        return Hearers.ask(settings.policy, from, others);
    }

    @Nullable
    JsonNode checkedMetadata(@Nullable JsonNode metadata) {
        if (metadata != null
                && (nodes(metadata) > MAX_METADATA_NODES || metadata.toString().length() > settings.maxMetadataBytes)) {
            throw new MessageException(
                    "too_large",
                    "metadata (expected: at most " + settings.maxMetadataBytes + " characters of JSON, and "
                            + MAX_METADATA_NODES + " values)");
        }
        return metadata;
    }

    private static int nodes(JsonNode tree) {
        int nodes = 1;
        for (JsonNode child : tree) {
            nodes += nodes(child);
        }
        return nodes;
    }

    boolean reservePeer() {
        return take(peerCount, settings.maxPeersInAll);
    }

    void releasePeer() {
        peerCount.decrementAndGet();
    }

    /** From now on it can be heard, and come back. */
    void take(Peer peer) {
        sessions.put(peer.session(), peer);
    }

    void joined(Peer peer, boolean first) {
        if (first) {
            tell(listener -> listener.created(peer.room()));
        }
        tell(listener -> listener.joined(peer));
    }

    void left(Peer peer, LeaveReason reason) {
        sessions.remove(peer.session());
        releasePeer();
        tell(listener -> listener.left(peer, reason));
    }

    /**
     * A room is no more.
     *
     * @param began whether anybody was ever in it
     */
    void closed(Room room, boolean began) {
        if (rooms.remove(room.name(), room)) {
            roomCount.decrementAndGet();
            if (began) {
                tell(listener -> listener.closed(room));
            }
        }
    }

    void relayed() {
        relayed.increment();
    }

    void refused() {
        refused.increment();
    }

    private void tell(Consumer<RoomListener> news) {
        try {
            news.accept(settings.listener);
        } catch (RuntimeException | Error e) {
            LOG.error("a listener to rooms failed", e);
        }
    }

    // ---- time

    /** Time has passed: call it about once a second. */
    void tick() {
        Instant now = now();
        rooms.values().forEach(room -> room.execute(() -> room.tick(now)));
    }

    boolean isEmpty() {
        return peerCount.get() == 0;
    }

    // ---- for the application

    Collection<Room> all() {
        return Collections.unmodifiableCollection(rooms.values());
    }

    Optional<Room> room(String name) {
        return Optional.ofNullable(rooms.get(name));
    }

    SignalingStatistics statistics() {
        return new SignalingStatistics(
                roomCount.get(),
                peerCount.get(),
                relayed.sum(),
                refused.sum(),
                keptBounds.taken().get());
    }
}
