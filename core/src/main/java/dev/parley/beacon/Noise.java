package dev.parley.beacon;

/** Reports that say nothing of the site. */
final class Noise {
    private Noise() {}

    /** Whether a beacon holds reports, and nothing but noise. */
    static boolean isNoise(Beacon beacon) {
        return switch (beacon.kind()) {
            case REPORT, CSP_REPORT -> beacon.body().text().contains("-extension:");
            default -> false;
        };
    }
}
