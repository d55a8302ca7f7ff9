"""Cerrado Diagnósticos: medical laboratories, under the LGPD and HIPAA, in a database of their own."""

from __future__ import annotations

from humana.demo.shapes import DemoChat, DemoOrganization, DemoPerson
from humana.furnishing import Furniture, NewBrand, NewCompanion, NewPolicy
from tenants.models import Plan

FURNITURE = Furniture(
    values={
        "Sigilo": "o resultado é do paciente",
    },
    policies=(
        NewPolicy(
            name="Dados de saúde",
            regulation="HIPAA",
            requirement="Não identifique pacientes.",
        ),
        NewPolicy(
            name="Consentimento",
            regulation="LGPD",
            requirement="Peça só o dado necessário ao exame.",
        ),
    ),
    brand=NewBrand(
        voice_and_tone="serena e precisa",
        style="uma orientação por frase",
        restrictions=("não dê diagnósticos", "indique o médico"),
    ),
    companions=(
        NewCompanion(
            name="Íris",
            purpose="Orienta a coleta: jejum, preparo e prazos de cada exame.",
            base_prompt="Você é Íris e orienta o preparo de exames.",
            starters=(
                "Explain what a fasting blood test is in two sentences.",
                "Write a polite note about a delayed test result.",
                "Write a short reminder for tomorrow's appointment.",
            ),
            team="Coleta",
            position="Analista",
        ),
        NewCompanion(
            name="Raul",
            purpose="Qualidade: controles internos, calibrações e registros.",
            base_prompt="Você é Raul e cuida dos controles de qualidade do laboratório.",
            starters=(
                "Explain what a calibration record is in two sentences.",
                "Write a polite note asking for a missing form.",
                "What makes a good checklist?",
            ),
            team="Coleta",
            position="Analista",
        ),
        NewCompanion(
            name="Olga",
            purpose="Atende médicos e pacientes de fora, em inglês.",
            base_prompt="You are Olga. You write to doctors and patients abroad in plain English.",
            language="en",
            starters=(
                "Write a polite note about a delayed test result.",
                "Write a short thank-you note to a doctor.",
                "Write a welcome e-mail to a new customer.",
            ),
            team="Atendimento",
            position="Analista",
        ),
    ),
)

CHAT = DemoChat(
    companion="Íris",
    title="Preparo para a coleta de segunda-feira",
    said=(
        "Na segunda há doze coletas com jejum. O que a recepção precisa confirmar por telefone?",
        """\
**Confirme três coisas, nesta ordem.** Uma ligação de um minuto evita a maioria das remarcações.

| Pergunta | Se a resposta for não |
|---|---|
| O jejum é possível até o horário marcado? | Ofereça o primeiro horário do dia |
| O pedido médico está em mãos? | Peça foto do pedido antes da coleta |
| Há remédio de uso contínuo pela manhã? | Oriente a falar com o médico, sem suspender |

- Anote apenas **confirmado** ou **remarcar**; o motivo não é necessário.
- Água pode ser tomada normalmente.

Quer o roteiro da ligação em quatro frases?""",
        "Quero. E a ordem das ligações?",
        """\
```text
Bom dia, aqui é da Cerrado Diagnósticos.
Sua coleta está marcada para segunda, às {hora}.
O jejum até lá é possível para você?
Obrigada; traga o pedido médico.
```

1. Ligue primeiro para quem tem **horário depois das 9h**.
2. Depois, para quem vem de **outra cidade**.
3. Por fim, para os demais, em ordem de horário.""",
    ),
)

CERRADO = DemoOrganization(
    slug="cerrado",
    name="Cerrado Diagnósticos",
    plan=Plan.ENTERPRISE,
    regulations=("LGPD", "HIPAA"),
    departments=("Coleta", "Atendimento"),
    positions=("Direção", "Analista"),
    people=(
        DemoPerson("carla@cerrado.example", "Carla Moura", "owner", "Atendimento", "Direção"),
        DemoPerson("enzo@cerrado.example", "Enzo Prado", "member", "Coleta", "Analista"),
    ),
    furniture=FURNITURE,
    chat=CHAT,
)
