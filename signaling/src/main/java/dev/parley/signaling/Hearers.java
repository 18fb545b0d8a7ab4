package dev.parley.signaling;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Of those for whom something is, the ones that the policy lets hear it. One on which it fails, or does not decide, does not hear it. */
final class Hearers {
    private static final Logger LOG = LoggerFactory.getLogger(Hearers.class);

    private final Set<Peer> allowed = ConcurrentHashMap.newKeySet();
    private final CompletableFuture<Void> decided;
    private volatile boolean failed;

    private Hearers(RoomPolicy policy, Peer from, Collection<Peer> others) {
        List<CompletableFuture<Void>> decisions = new ArrayList<>(others.size());
        for (Peer to : others) {
            CompletableFuture<Boolean> decision;
            try {
                decision = policy.maySignal(from, to).toCompletableFuture();
            } catch (RuntimeException | Error e) {
                decision = CompletableFuture.failedFuture(e);
            }
            decisions.add(decision.handle((may, failure) -> {
                decided(to, may, failure);
                return null;
            }));
        }
        decided = CompletableFuture.allOf(decisions.toArray(CompletableFuture[]::new));
    }

    static Hearers ask(RoomPolicy policy, Peer from, Collection<Peer> others) {
        return new Hearers(policy, from, others);
    }

    private void decided(Peer to, @Nullable Boolean may, @Nullable Throwable failure) {
        if (may == null) {
            LOG.error("a policy of rooms failed", failure);
            failed = true;
        } else if (may) {
            allowed.add(to);
        }
    }

    /** Completes when it is known of all; never fails. */
    CompletableFuture<Void> decided() {
        return decided;
    }

    /** What is not decided by now is too late. */
    void giveUp() {
        LOG.error("a policy of rooms did not decide on a signal in time");
        failed = true;
    }

    boolean contains(Peer peer) {
        return allowed.contains(peer);
    }

    /** Whether it is not known of all, as the policy failed or was too late. */
    boolean isIncomplete() {
        return failed;
    }
}
