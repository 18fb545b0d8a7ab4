package dev.parley.signaling;

import dev.parley.signaling.ServerSignal.PeerView;
import dev.parley.signaling.ServerSignal.RoomView;
import dev.parley.websocket.MessageException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A place in which peers meet. It is created by the first who joins, and is gone with the last who leaves.
 *
 * <p><b>Threading.</b> Thread-safe: what is public may be called on any thread. Everything that happens in a room happens in one order, which
 * all of its peers see.
 */
public final class Room {
    /** Who comes while so many knock is told to come back later. */
    private static final int MAX_KNOCKING = 32;

    private final Rooms rooms;
    private final String name;
    private final RoomSettings settings;
    private final Firewall firewall;
    private final Dialect dialect;
    private final Lane lane;
    /** In the order in which they joined. On the lane only. */
    private final Map<String, Peer> peers = new LinkedHashMap<>(4);
    /** Who waits to be let in. On the lane only. */
    private final Map<String, Entrance> knocking = new LinkedHashMap<>(2);

    private long joined;
    private volatile List<Peer> seen = List.of();
    private volatile boolean locked;
    private volatile boolean closed;
    private volatile JsonNode metadata;
    private volatile long lastSignalMillis;

    Room(Rooms rooms, String name, RoomSettings settings, Function<Room, Dialect> dialect) {
        this.rooms = rooms;
        this.name = name;
        lane = rooms.newLane();
        this.settings = settings;
        firewall = rooms.newFirewall(settings);
        metadata = settings.metadata();
        this.dialect = dialect.apply(this);
        lastSignalMillis = rooms.now().toEpochMilli();
    }

    // ---- for the application

    /**
     * Its name.
     *
     * @return 1 to 128 characters, none of them a control character
     */
    public String name() {
        return name;
    }

    /**
     * Who is in it, those who are away and may come back included.
     *
     * @return a snapshot, in the order in which they joined
     */
    public List<Peer> peers() {
        return seen;
    }

    /**
     * A peer by its id.
     *
     * @param id its id
     * @return the peer; empty if it is not here
     */
    public Optional<Peer> peer(String id) {
        return seen.stream().filter(peer -> peer.id().equals(id)).findFirst();
    }

    /**
     * What its owner or the application says of it.
     *
     * @return a JSON object, not to be changed
     */
    public JsonNode metadata() {
        return metadata;
    }

    /**
     * Whether nobody else may join.
     *
     * @return whether it is locked
     */
    public boolean isLocked() {
        return locked;
    }

    /**
     * Whether it is no more.
     *
     * @return whether the last peer has left, or it was closed
     */
    public boolean isClosed() {
        return closed;
    }

    /**
     * Lets nobody else join, or lets them again.
     *
     * @param locked whether it is locked
     */
    public void lock(boolean locked) {
        execute(() -> update(locked, null));
    }

    /**
     * Sets what all may know of it.
     *
     * @param metadata a JSON object
     * @throws IllegalArgumentException if it is none
     */
    public void metadata(JsonNode metadata) {
        if (!metadata.isObject()) {
            throw new IllegalArgumentException("metadata: " + metadata.getNodeType() + " (expected: a JSON object)");
        }
        execute(() -> update(null, metadata));
    }

    /**
     * Sends all of its peers a message of the application: see {@link Peer#send}.
     *
     * @param data any JSON
     */
    public void send(JsonNode data) {
        Outgoing message = new Outgoing(new ServerSignal.Message(null, data));
        execute(() -> tellAll(message));
    }

    /**
     * Closes it: all of its peers are told, and their sessions are over. Does nothing if it is closed.
     *
     * @param text why, for people; they are told
     */
    public void close(String text) {
        Objects.requireNonNull(text, "text");
        execute(() -> end(text));
    }

    /** For logs. */
    @Override
    public String toString() {
        return "room " + name;
    }

    // ---- its life. All on the lane, but for execute.

    void execute(Runnable task) {
        lane.execute(task);
    }

    Rooms rooms() {
        return rooms;
    }

    Firewall firewall() {
        return firewall;
    }

    Dialect dialect() {
        return dialect;
    }

    /** Who is here under an id, whether connected or away. */
    @Nullable
    Peer get(String id) {
        return peers.get(id);
    }

    /** Something was said in words of its own, which count as any. */
    void heard() {
        lastSignalMillis = rooms.now().toEpochMilli();
        rooms.relayed();
    }

    boolean has(Peer peer) {
        return peers.get(peer.id()) == peer;
    }

    /** Somebody wants to come in, and the policy has nothing against it. */
    void enter(Entrance entrance) {
        if (closed) {
            rooms.enter(entrance); // it was the last one's last moment: now it is another room
        } else if (locked) {
            entrance.refuse("room_locked", "nobody else may join");
        } else if (joined == 0 && entrance.admission().joinsOnly()) {
            entrance.refuse(MessageException.NOT_ALLOWED, "there is no such room");
        } else if (peers.size() >= settings.maxPeers()) {
            entrance.refuse("room_full", "peers: " + peers.size() + " (expected: at most " + settings.maxPeers() + ")");
        } else if (entrance.peerId() != null && peers.containsKey(entrance.peerId())) {
            entrance.refuse("id_taken", "id: another peer has it");
        } else if (entrance.admission().mustKnock() || settings.knock() && !peers.isEmpty()) {
            knock(entrance);
        } else {
            add(entrance, Objects.requireNonNullElseGet(entrance.peerId(), rooms::newId));
        }
        if (peers.isEmpty()) {
            end(""); // a room that its first one could not enter
        }
    }

    private void knock(Entrance entrance) {
        if (!dialect.announces()) {
            entrance.refuse(MessageException.NOT_ALLOWED, "nobody can let you in");
        } else if (peers.values().stream().noneMatch(peer -> peer.is(Right.OWN))) {
            entrance.refuse(MessageException.NOT_ALLOWED, "nobody is there who could let you in");
        } else if (knocking.size() >= MAX_KNOCKING) {
            entrance.refuse(MessageException.TOO_MANY, "too many are waiting (expected: at most " + MAX_KNOCKING + ")");
        } else {
            String id = Objects.requireNonNullElseGet(entrance.peerId(), rooms::newId);
            knocking.put(id, entrance);
            entrance.waits(() -> execute(() -> gaveUp(id)));
            Outgoing knock = knock(id, entrance);
            owners(peer -> peer.tell(knock));
        }
    }

    private static Outgoing knock(String id, Entrance entrance) {
        return new Outgoing(new ServerSignal.Knock(id, entrance.name(), entrance.metadata()));
    }

    /** Takes one who knocks out of the line. */
    private @Nullable Entrance answerKnock(String id) {
        Entrance entrance = knocking.remove(id);
        if (entrance != null) {
            Outgoing ended = new Outgoing(new ServerSignal.KnockEnded(id));
            owners(peer -> peer.tell(ended));
        }
        return entrance;
    }

    private void gaveUp(String id) {
        if (answerKnock(id) != null) {
            rooms.releasePeer();
        }
    }

    private void sendAway(Entrance entrance, LeaveReason reason, String text) {
        rooms.releasePeer();
        entrance.sendAway(reason, text);
    }

    private void add(Entrance entrance, String id) {
        boolean first = peers.isEmpty();
        Peer peer = new Peer(this, entrance, id, joined++, first);
        peers.put(id, peer);
        seen = List.copyOf(peers.values());
        lastSignalMillis = rooms.now().toEpochMilli();
        rooms.take(peer);
        entrance.entered(peer); // first, as it may answer the welcome at once
        welcome(peer, false, 0, entrance.id());
        dialect.welcomed(peer);
        if (dialect.announces()) {
            Outgoing news = new Outgoing(new ServerSignal.PeerJoined(peer.view(false)));
            others(peer, other -> other.tell(news));
        }
        rooms.joined(peer, first);
    }

    /** One comes back with its session, and another connection. */
    void resume(Peer peer, Rooms.Return back) {
        if (!has(peer)) {
            back.refused().run();
            return;
        }
        lastSignalMillis = rooms.now().toEpochMilli();
        Link before = peer.link();
        peer.back(back.link());
        back.entered().accept(peer);
        if (before != null) {
            before.close(Link.REPLACED, "another connection took over the session");
        }
        boolean whole = peer.kept().hasAllAfter(back.seen());
        if (whole) {
            peer.acknowledge(back.seen());
        } else {
            peer.kept().forgetAll();
        }
        welcome(peer, whole, whole ? back.seen() : peer.kept().last(), back.id());
        dialect.welcomed(peer);
        peer.kept().forEach((message, seq) -> back.link().send(message, seq, null));
        if (!whole) {
            toldOfKnocks(peer);
        }
    }

    private void welcome(Peer peer, boolean resumed, long seq, @Nullable Object id) {
        IceServers.Grant grant = rooms.iceServers(peer);
        List<PeerView> views = resumed || !dialect.announces()
                ? List.of()
                : peers.values().stream()
                        .filter(other -> other != peer)
                        .map(other -> other.view(peer.isPoliteTo(other)))
                        .toList();
        peer.answer(
                new ServerSignal.Welcome(
                        peer.id(),
                        peer.session(),
                        rooms.grace().toMillis(),
                        resumed,
                        seq,
                        peer.rights(),
                        view(),
                        views,
                        grant.servers()),
                id);
    }

    private RoomView view() {
        return new RoomView(name, metadata, locked, settings.maxPeers(), settings.relayOnly());
    }

    /** A connection is gone; another may have taken over from it. */
    void lost(Peer peer, Link link) {
        if (!has(peer) || peer.link() != link) {
            return;
        }
        peer.away(rooms.now().plus(rooms.grace()));
        if (rooms.grace().isZero()) {
            peer.lastTurn(() -> {
                if (!peer.isConnected()) {
                    remove(peer, LeaveReason.LOST, "");
                }
            });
        }
    }

    void remove(Peer peer, LeaveReason reason, String text) {
        if (!peers.remove(peer.id(), peer)) {
            return;
        }
        seen = List.copyOf(peers.values());
        dismiss(peer, reason, text);
        if (dialect.announces()) {
            Outgoing news = new Outgoing(new ServerSignal.PeerLeft(peer.id(), reason));
            others(peer, other -> {
                other.forget(peer);
                other.tell(news);
            });
        }
        if (peers.isEmpty()) {
            end(text);
        } else {
            passOwnership();
        }
    }

    /** Tells one that it is out. */
    private void dismiss(Peer peer, LeaveReason reason, String text) {
        Link link = peer.link();
        if (link != null) {
            peer.answer(new ServerSignal.Left(reason, text), null);
            link.close(reason == LeaveReason.LEFT ? 1000 : Link.GONE, text);
        }
        peer.gone();
        rooms.left(peer, reason);
    }

    private void passOwnership() {
        if (peers.values().stream().anyMatch(peer -> peer.is(Right.OWN))) {
            return;
        }
        peers.values().stream().filter(Peer::mayInherit).findFirst().ifPresent(heir -> {
            heir.inherit();
            tellOf(heir);
            toldOfKnocks(heir);
        });
    }

    /** Tells all of what is new about a peer; itself, too, as it may be its rights. */
    private void tellOf(Peer peer) {
        if (!dialect.announces()) {
            return;
        }
        Outgoing toEarlier = new Outgoing(new ServerSignal.PeerUpdated(peer.view(false)));
        Outgoing toLater = new Outgoing(new ServerSignal.PeerUpdated(peer.view(true)));
        peers.values().forEach(to -> to.tell(to.isPoliteTo(peer) ? toLater : toEarlier));
    }

    private void toldOfKnocks(Peer owner) {
        if (owner.is(Right.OWN)) {
            knocking.forEach((id, entrance) -> owner.tell(knock(id, entrance)));
        }
    }

    /** Everybody is out at once: nobody is told of anybody else. */
    private void end(String text) {
        if (closed) {
            return;
        }
        closed = true;
        List<Peer> all = seen;
        peers.clear();
        seen = List.of();
        all.forEach(peer -> dismiss(peer, LeaveReason.CLOSED, text));
        knocking.values().forEach(entrance -> sendAway(entrance, LeaveReason.CLOSED, text));
        knocking.clear();
        dialect.ended();
        rooms.closed(this, joined > 0);
    }

    /** Time has passed. */
    void tick(Instant now) {
        for (Peer peer : seen) {
            peer.tickTurns(now);
            if (peer.isOverdue(now)) {
                remove(peer, LeaveReason.LOST, "");
            } else if (peer.needsIceServers(now)) {
                peer.answer(
                        new ServerSignal.IceServersChanged(
                                rooms.iceServers(peer).servers()),
                        null);
            }
        }
        dialect.tick(now);
        if (dialect.announces()
                && now.toEpochMilli() - lastSignalMillis >= settings.idle().toMillis()) {
            end("nothing has happened for " + settings.idle());
        }
    }

    // ---- what peers say. All on the lane; what is wrong throws a MessageException.

    /** For whom it is, of those who are here. */
    List<Peer> addressees(Peer from, ClientSignal signal) {
        if (signal instanceof ClientSignal.Relayed relayed) {
            require(from, Right.CALL);
            return List.of(other(from, relayed.to()));
        }
        if (signal instanceof ClientSignal.Message message) {
            require(from, Right.MESSAGE);
            return message.to() != null
                    ? List.of(other(from, message.to()))
                    : seen.stream().filter(to -> to != from).toList();
        }
        return List.of();
    }

    private Peer other(Peer from, String id) {
        Peer to = peers.get(id);
        if (to == null || to == from) {
            throw new MessageException("unknown_peer", "to: nobody else here is " + SignalFormat.shown(id));
        }
        return to;
    }

    void take(Peer from, ClientSignal signal, Hearers hearers) {
        lastSignalMillis = rooms.now().toEpochMilli();
        if (signal instanceof ClientSignal.Relayed relayed) {
            relay(from, relayed, hearers);
        } else if (signal instanceof ClientSignal.Message message) {
            pass(from, message, hearers);
        } else if (signal instanceof ClientSignal.Update update) {
            if (from.rights().isEmpty()) {
                throw new MessageException(MessageException.NOT_ALLOWED, "rights: [] (expected: any)");
            }
            if (update.name() != null && from.isNamed()) {
                throw new MessageException(MessageException.NOT_ALLOWED, "name: was given (expected: none)");
            }
            from.update(update.name(), rooms.checkedMetadata(update.metadata()));
            tellOf(from);
        } else if (signal instanceof ClientSignal.Leave) {
            remove(from, LeaveReason.LEFT, "");
        } else if (signal instanceof ClientSignal.UpdateRoom update) {
            require(from, Right.OWN);
            update(update.locked(), rooms.checkedMetadata(update.metadata()));
        } else if (signal instanceof ClientSignal.Admit admit) {
            require(from, Right.OWN);
            admit(admit.peer());
        } else if (signal instanceof ClientSignal.Evict evict) {
            require(from, Right.OWN);
            evict(evict.peer(), evict.reason());
        } else if (signal instanceof ClientSignal.CloseRoom) {
            require(from, Right.OWN);
            end("");
        } else {
            throw new MessageException("already_joined", "a connection is one peer's");
        }
    }

    private void relay(Peer from, ClientSignal.Relayed signal, Hearers hearers) {
        Peer to = allowed(from, signal.to(), hearers);
        if (signal instanceof ClientSignal.Offer offer) {
            String sdp = firewall.description(offer.sdp());
            from.begins(to, offer.generation());
            to.tell(new ServerSignal.Offer(from.id(), sdp, offer.generation()));
        } else if (signal instanceof ClientSignal.Answer answer) {
            to.tell(new ServerSignal.Answer(from.id(), firewall.description(answer.sdp()), answer.generation()));
        } else if (signal instanceof ClientSignal.Restart) {
            to.tell(new ServerSignal.Restart(from.id()));
        } else if (signal instanceof ClientSignal.Candidate candidate) {
            relay(from, to, candidate);
            return;
        }
        rooms.relayed();
    }

    private void relay(Peer from, Peer to, ClientSignal.Candidate candidate) {
        firewall.names(candidate.sdpMid(), candidate.sdpMLineIndex(), candidate.usernameFragment());
        Optional<String> let = firewall.candidate(candidate.candidate());
        if (let.isPresent()
                && from.isCurrent(to, candidate.generation())
                && to.isCurrent(from, candidate.generation())) {
            to.tell(new ServerSignal.Candidate(
                    from.id(),
                    let.get(),
                    candidate.sdpMid(),
                    candidate.sdpMLineIndex(),
                    candidate.usernameFragment(),
                    candidate.generation()));
            rooms.relayed();
        }
    }

    private void pass(Peer from, ClientSignal.Message message, Hearers hearers) {
        Outgoing passed = new Outgoing(new ServerSignal.Message(from.id(), message.data()));
        if (message.to() != null) {
            allowed(from, message.to(), hearers).tell(passed);
        } else {
            others(from, to -> {
                if (hearers.contains(to)) {
                    to.tell(passed);
                }
            });
        }
        rooms.relayed();
    }

    private Peer allowed(Peer from, String id, Hearers hearers) {
        Peer to = other(from, id);
        if (!hearers.contains(to) && hearers.isIncomplete()) {
            throw new MessageException(MessageException.FAILED, "something failed");
        }
        if (!hearers.contains(to)) {
            throw new MessageException(MessageException.NOT_ALLOWED, "to: not " + SignalFormat.shown(id));
        }
        return to;
    }

    private static void require(Peer peer, Right right) {
        if (!peer.is(right)) {
            throw new MessageException(
                    MessageException.NOT_ALLOWED,
                    "rights: " + SignalFormat.words(peer.rights()) + " (expected: " + SignalFormat.word(right) + ")");
        }
    }

    private void update(@Nullable Boolean nowLocked, @Nullable JsonNode newMetadata) {
        locked = nowLocked == null ? locked : nowLocked;
        metadata = newMetadata == null ? metadata : newMetadata;
        tellAll(new Outgoing(new ServerSignal.RoomUpdated(view())));
    }

    private void admit(String id) {
        if (knocking.containsKey(id) && peers.size() >= settings.maxPeers()) {
            throw new MessageException(
                    "room_full", "peers: " + peers.size() + " (expected: at most " + settings.maxPeers() + ")");
        }
        Entrance entrance = answerKnock(id);
        if (entrance == null) {
            throw new MessageException("unknown_peer", "peer: nobody who knocks is " + SignalFormat.shown(id));
        }
        add(entrance, id);
    }

    private void evict(String id, String text) {
        Entrance entrance = answerKnock(id);
        Peer peer = peers.get(id);
        if (entrance != null) {
            sendAway(entrance, LeaveReason.EVICTED, text);
        } else if (peer != null) {
            remove(peer, LeaveReason.EVICTED, text);
        } else {
            throw new MessageException("unknown_peer", "peer: nobody here is " + SignalFormat.shown(id));
        }
    }

    private void tellAll(Outgoing message) {
        peers.values().forEach(peer -> peer.tell(message));
    }

    private void others(Peer than, Consumer<Peer> each) {
        for (Peer peer : peers.values()) {
            if (peer != than) {
                each.accept(peer);
            }
        }
    }

    private void owners(Consumer<Peer> each) {
        for (Peer peer : peers.values()) {
            if (peer.is(Right.OWN)) {
                each.accept(peer);
            }
        }
    }
}
