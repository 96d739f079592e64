"""Who and what the values of these tests point at."""

from datetime import timedelta

from domain.ids import UserId
from tests.builders import (
    ADMIN,
    NOW,
    STUDENT,
    TEACHER,
    a_gig,
    a_student,
    a_teacher,
    an_admin,
    teachings,
)

OTHER_STUDENT = UserId("usr_other_student")
OTHER_TEACHER = UserId("usr_other_teacher")

LONG_AGO = NOW - timedelta(days=30)
"""Before everything that a test makes itself."""

PEOPLE = (
    a_student(STUDENT, created_at=LONG_AGO),
    a_student(OTHER_STUDENT, created_at=LONG_AGO),
    a_teacher(TEACHER, created_at=LONG_AGO),
    a_teacher(OTHER_TEACHER, created_at=LONG_AGO),
    an_admin(ADMIN, created_at=LONG_AGO),
)
GIG = a_gig("gig_1", teachers=teachings(TEACHER), created_at=LONG_AGO)
