"""People with habits. A habit is a function; what later versions add is one more of them.

@habit(STUDENTS, weight=3)
def books_a_lesson(me: Person) -> None: ...
"""

from entrypoints.simulation.people import staff, students, teachers
from entrypoints.simulation.people.person import HABITS, STAFF, STUDENTS, TEACHERS, Person

__all__ = ["HABITS", "STAFF", "STUDENTS", "TEACHERS", "Person", "staff", "students", "teachers"]
