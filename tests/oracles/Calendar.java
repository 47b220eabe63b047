// Writes what java.time comes to: the table that the counting of dates is held against (calendar.tsv beside this file).
//
//     java tests/oracles/Calendar.java > tests/oracles/calendar.tsv

import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.Period;
import java.time.ZoneId;
import java.time.temporal.IsoFields;
import java.time.temporal.TemporalAdjusters;
import java.util.List;

public class Calendar {
    // The ends of every kind of month, leap years that are none by the century, and days in between.
    static final List<String> ANCHORS = List.of(
        "1900-02-28", "1904-02-29", "1999-12-31", "2000-02-29", "2005-04-11", "2023-01-29", "2023-01-30", "2023-01-31",
        "2023-03-31", "2024-01-31", "2024-02-28", "2024-02-29", "2024-03-01", "2024-05-31", "2024-08-31", "2024-10-30",
        "2024-12-31", "2026-06-15", "2026-11-30", "2096-02-29", "2100-02-28");
    static final int[] MONTHS = {-600, -49, -48, -13, -12, -11, -6, -3, -2, -1, 0, 1, 2, 3, 6, 9, 11, 12, 13, 18, 24, 36,
        47, 48, 49, 120, 600};
    static final int[][] COMPOUND = {{1, 6, 0}, {0, 1, 10}, {2, 0, 1}, {1, 1, 1}, {0, 11, 30}, {4, 0, 45}};
    // Put forward, put back, and put forward at midnight itself.
    static final List<String> LOCAL_TIMES = List.of(
        "2007-03-11T02:30 America/Chicago", "2007-11-04T01:30 America/Chicago", "2007-07-01T09:00 America/Chicago",
        "2018-11-03T12:00 America/Sao_Paulo", "2018-11-04T00:00 America/Sao_Paulo",
        "2018-11-04T00:30 America/Sao_Paulo", "2018-02-17T23:30 America/Sao_Paulo",
        "2026-03-29T02:15 Europe/Amsterdam", "2026-10-25T02:15 Europe/Amsterdam", "2011-12-30T12:00 Pacific/Apia",
        "2019-10-06T02:15 Australia/Lord_Howe", "2019-04-07T01:45 Australia/Lord_Howe", "2026-01-31T09:00 Asia/Shanghai");

    static void row(String kind, Object from, Object by, Object to) {
        System.out.println(kind + "\t" + from + "\t" + by + "\t" + to);
    }

    public static void main(String[] arguments) {
        for (String text : ANCHORS) {
            LocalDate day = LocalDate.parse(text);
            for (int months : MONTHS) row("months", day, months, day.plusMonths(months));
            for (int years : new int[] {-100, -4, -1, 1, 2, 4, 5, 100}) row("years", day, years, day.plusYears(years));
            for (int[] parts : COMPOUND) {
                Period period = Period.of(parts[0], parts[1], parts[2]);
                row("after", day, period, day.plus(period));
                row("before", day, period, day.minus(period));
            }
            row("first", day, "month", day.withDayOfMonth(1));
            row("last", day, "month", day.with(TemporalAdjusters.lastDayOfMonth()));
            LocalDate quarter = day.with(IsoFields.DAY_OF_QUARTER, 1);
            row("first", day, "quarter", quarter);
            row("last", day, "quarter", quarter.plusMonths(3).minusDays(1));
            row("first", day, "year", day.with(TemporalAdjusters.firstDayOfYear()));
            row("last", day, "year", day.with(TemporalAdjusters.lastDayOfYear()));
        }
        for (String text : LOCAL_TIMES) {
            String[] parts = text.split(" ");
            LocalDateTime local = LocalDateTime.parse(parts[0]);
            ZoneId zone = ZoneId.of(parts[1]);
            row("instant", local, zone, local.atZone(zone).toInstant());
            row("end of day", local.toLocalDate(), zone, local.toLocalDate().plusDays(1).atStartOfDay(zone).toInstant());
        }
    }
}
