#!/usr/bin/env python3
"""Writes orders.csv: about a thousand orders with the defects that real files have.

The same file every time. Run it from anywhere; it writes beside itself.
"""
import pathlib
import random

COLUMNS = "id,placed_on,customer,email,sku,quantity,unit_price,currency,country,note"
PRICES = {
    "TEA-GREEN-100": "6.90", "TEA-BLACK-250": "9.50", "COFFEE-1KG": "18.40", "MUG-BLUE": "12.00",
    "KETTLE-17": "49.90", "FILTER-100": "3.20", "GRINDER-HAND": "64.00", "HONEY-500": "8.75",
}
FIRST = ["Ann", "Björn", "Chloé", "Dmitri", "Elif", "Frank", "Grace", "Hiro", "Inés", "Jan", "Keiko", "Lars", "Mária",
         "Noah", "Olga", "Paul", "Rosa", "Søren", "Tomáš", "Uwe", "Vera", "Wei", "Yusuf", "Zoë"]
LAST = ["Berg", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Horváth", "Ivanova", "Jensen", "Kowalski", "Lindqvist",
        "Müller", "Nagy", "O'Neill", "Peeters", "Rossi", "Sato", "Török", "Verma", "Weiß"]
COUNTRIES = {"DE": "EUR", "FR": "EUR", "ES": "EUR", "NL": "EUR", "AT": "EUR", "IT": "EUR", "DK": "DKK", "SE": "SEK",
             "GB": "GBP", "US": "USD", "JP": "JPY"}
NOTES = ["", "", "", "", "", "gift wrap", "ring twice", "leave with neighbour", "call before delivery",
         '"fragile, please pad"', "invoice to company"]
ASCII = str.maketrans("äáâåéèëíîïñóöøőúüűšžçßÖ", "aaaaeeeiiinoooouuuszcsO")


def order(number, pick):
    first, last = pick.choice(FIRST), pick.choice(LAST)
    country = pick.choice(list(COUNTRIES))
    sku = pick.choice(list(PRICES))
    local = f"{first}.{last}".lower().replace("'", "").translate(ASCII)
    day = f"2026-{1 + number % 11:02}-{1 + number * 7 % 28:02}"
    return [str(number), day, f"{first} {last}", f"{local}@example.org", sku, str(pick.randint(1, 6)), PRICES[sku],
            COUNTRIES[country], country, pick.choice(NOTES)]


def main():
    pick = random.Random(20261124)
    rows = [order(10_000 + at, pick) for at in range(1_000)]
    places = iter(pick.sample(range(20, 1_000), 60))

    def damage(column, *values):
        for value in values:
            rows[next(places)][column] = value

    damage(5, '"12,50"', "n/a", "", "two", "3.5", "1 000", "99999999999", "0x10", "-3", "-1", "0")
    damage(6, '"12,50"', "n/a", "", "EUR 9.50", '"1.234,00"', "-18.40", "-6.90", "NaN", "1e400")
    damage(4, "TEA-GREEN-1000", "MUG-BLUE", "KETTLE_17", "")
    damage(8, "AQ", "AQ", "XK", "", "Germany")
    damage(7, "EURO", "", "XXX")
    damage(3, "nobody", "", "two@example.org; three@example.org")
    damage(1, "2026-02-30", "31.12.2026", "")
    damage(9, "x" * 6_000)
    for columns in (4, 6, 8, 9, 1):
        at = next(places)
        rows[at] = rows[at][:columns]
    at = next(places)
    rows[at] = rows[at] + ["surplus", "columns"]
    for _ in range(5):
        at = next(places)
        rows[at][0] = rows[at - 7][0]
    rows[next(places)][0] = "TEST"

    lines = [",".join(row).encode() for row in rows]
    # Exported by a program that writes Latin-1.
    for at, name in zip([next(places) for _ in range(4)], ["Jürgen Groß", "Renée Lefèvre", "Søren Brøgger", "Peña Núñez"]):
        rows[at][2] = name
        lines[at] = ",".join(rows[at]).encode("latin-1", "replace")
    at = next(places)
    lines[at] = lines[at].replace(b",", b"\x00,", 1)
    at = next(places)
    rows[at][9] = '"never closed'
    lines[at] = ",".join(rows[at]).encode()
    lines.insert(next(places), b"")
    lines.insert(next(places), COLUMNS.encode())
    head = b"\xef\xbb\xbf" + COLUMNS.encode()
    pathlib.Path(__file__).with_name("orders.csv").write_bytes(b"\r\n".join([head, *lines, b""]))


if __name__ == "__main__":
    main()
