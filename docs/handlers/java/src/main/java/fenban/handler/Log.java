package fenban.handler;

import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;

/** One line each on stderr: ids and counts, never a letter's words. */
final class Log {
    private Log() {}

    static void info(String line) {
        System.err.println(now() + " INFO " + line);
    }

    static void warning(String line) {
        System.err.println(now() + " WARNING " + line);
    }

    /** ISO 8601 in China's time, to the second. */
    static String now() {
        return OffsetDateTime.now(ZoneOffset.ofHours(8)).truncatedTo(ChronoUnit.SECONDS)
                .format(DateTimeFormatter.ISO_OFFSET_DATE_TIME);
    }
}
