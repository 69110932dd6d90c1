"""The people of the demonstration. `username` is what one signs in with; all are invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fellowship.accounts import roles


@dataclass(frozen=True, slots=True)
class Person:
    """One person, and the role they hold in both programmes or in one."""

    username: str
    name: str
    affiliation: str
    role: str = ""
    seat: str = ""
    orcid: str = ""
    zone: str = "Europe/London"


COMPANY: Final = "Meridian Systems"

SIGN_INS: Final = (
    Person(
        "applicant", "Noor Haddad", "Tallinn Institute for Trustworthy AI", zone="Europe/Tallinn"
    ),
    Person(
        "fellow",
        "Ada Nwosu",
        "University of Lagos",
        orcid="0000-0002-1825-0097",
        zone="Africa/Lagos",
    ),
    Person("mentor", "Ruth Calder", COMPANY, roles.MENTOR),
    Person("reviewer", "Rafael Osei", COMPANY, roles.REVIEWER),
    Person("board-research", "Ilse Brandt", COMPANY, roles.BOARD_MEMBER, roles.Seat.RESEARCH),
    Person("board-product", "Samir Patel", COMPANY, roles.BOARD_MEMBER, roles.Seat.PRODUCT),
    Person("board-security", "Joyce Abara", COMPANY, roles.BOARD_MEMBER, roles.Seat.SECURITY),
    Person("board-legal", "Tomasz Wilk", COMPANY, roles.BOARD_MEMBER, roles.Seat.LEGAL),
    Person("board-policy", "Hanna Lindqvist", COMPANY, roles.BOARD_MEMBER, roles.Seat.POLICY),
    Person("chair", "Eleanor Voss", COMPANY, roles.CHAIR),
    Person("manager", "Daniel Okafor", COMPANY, roles.MANAGER),
    Person("steward", "Priya Raman", COMPANY, roles.STEWARD),
    Person("product-owner", "Satoshi Ito", COMPANY, roles.PRODUCT_OWNER),
    Person("oncall", "Lena Fischer", COMPANY, roles.ONCALL, zone="Europe/Berlin"),
    Person("policy-reviewer", "Mats Lindgren", COMPANY, roles.POLICY_REVIEWER),
    Person("legal-reviewer", "Chiara Conti", COMPANY, roles.LEGAL_REVIEWER),
    Person("auditor", "Grace Whitfield", "Whitfield and Hale LLP", roles.AUDITOR),
    Person("sponsor", "Amara Diallo", COMPANY, roles.SPONSOR),
    Person("admin", "Pavel Novak", COMPANY, roles.ADMINISTRATOR),
)

COLLEAGUES: Final = (
    Person("mentor-two", "Yusuf Karim", COMPANY, roles.MENTOR),
    Person("reviewer-two", "Beatriz Santos", COMPANY, roles.REVIEWER),
    Person("reviewer-three", "Kenji Mori", COMPANY, roles.REVIEWER),
    Person("reviewer-four", "Aoife Byrne", COMPANY, roles.REVIEWER),
    Person("oncall-two", "Nkechi Balogun", COMPANY, roles.ONCALL, zone="Africa/Lagos"),
    Person("product-owner-two", "Marta Kowalska", COMPANY, roles.PRODUCT_OWNER),
    Person("auditor-two", "Nikhil Rao", "Whitfield and Hale LLP", roles.AUDITOR),
)

RESEARCHERS: Final = (
    Person("l-moreau", "Lucie Moreau", "Université de Lyon", zone="Europe/Paris"),
    Person("d-petrov", "Dimitar Petrov", "Sofia Centre for Machine Ethics", zone="Europe/Sofia"),
    Person("s-rahman", "Sadia Rahman", "Dhaka School of Computing", zone="Asia/Dhaka"),
    Person("j-castillo", "Javier Castillo", "Universidad de Concepción", zone="America/Santiago"),
    Person("m-tanaka", "Mio Tanaka", "Kyoto Systems Laboratory", zone="Asia/Tokyo"),
    Person("w-okello", "Wanjiru Okello", "Nairobi Open Research", zone="Africa/Nairobi"),
    Person("e-lund", "Erik Lund", "Independent", zone="Europe/Oslo"),
    Person("f-amari", "Farah Amari", "Tunis Polytechnic", zone="Africa/Tunis"),
    Person("c-dube", "Chipo Dube", "University of Cape Coast", zone="Africa/Accra"),
    Person("h-novotna", "Hana Novotná", "Brno Evaluation Group", zone="Europe/Prague"),
    Person("t-wallace", "Tom Wallace", "Independent", zone="America/Toronto"),
    Person("p-iyer", "Padma Iyer", "Chennai Institute of Language Technology", zone="Asia/Kolkata"),
    Person("g-silva", "Gabriela Silva", "Universidade de Campinas", zone="America/Sao_Paulo"),
    Person("o-berg", "Olof Berg", "Uppsala Policy Laboratory", zone="Europe/Stockholm"),
)
